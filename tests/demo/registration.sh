# A run cluster is registered with a build cluster, the credential is used, and taken back.

heading "On the run cluster, a namespace to deliver to"
run 'kubectl --context run-a create namespace apps'

heading "What a registration would do"
register='kubectl tapmc register-run-cluster --build-context build --run-context run-a --run-namespace apps --allow-loopback-server'
run "$register --dry-run"
stored='kubectl --context build get secret run-a-kubeconfig -o'
if $stored name >/dev/null 2>&1; then fail "a dry run changed something"; fi

heading "Register the run cluster with the build cluster"
run "$register --yes"

heading "What the build cluster holds now"
run 'kubectl tapmc status --context build'
kubectl tapmc status --context build run-a -o name >/dev/null || fail "the registration is not there"

heading "Use it as a controller on the build cluster would: from the Secret alone"
run "kubectl --context build get secret run-a-kubeconfig -o go-template='{{.data.value | base64decode}}' >reader.kubeconfig"
run 'kubectl --kubeconfig reader.kubeconfig create configmap delivered --from-literal=by=build'
kubectl --context run-a -n apps get configmap delivered >/dev/null || fail "the ConfigMap did not arrive"
good "it may deliver to 'apps'"
refused 'kubectl --kubeconfig reader.kubeconfig get secrets' Forbidden
refused 'kubectl --kubeconfig reader.kubeconfig get configmaps --namespace default' Forbidden
good "and it may do nothing else: no Secrets, no other namespace"

heading "Run the same command again: nothing changes"
before=$($stored jsonpath='{.metadata.resourceVersion}')
run "$register --yes"
[ "$before" = "$($stored jsonpath='{.metadata.resourceVersion}')" ] || fail "the Secret was written again"
kubectl --kubeconfig reader.kubeconfig get configmaps >/dev/null || fail "the token is no longer good"

heading "Take it back on the run cluster, without the plugin"
since=$(date +%s)
run 'kubectl --context run-a delete namespace tapmc-run-a --wait=false'
await "the token" 30 'kubectl --kubeconfig reader.kubeconfig get configmaps 2>&1 | grep -q Unauthorized'
refused 'kubectl --kubeconfig reader.kubeconfig get configmaps' Unauthorized
good "the token was refused $took s after that"
await "a grant in 'apps'" 60 '! kubectl --context run-a -n apps get role,rolebinding -o name | grep -q .'
run 'kubectl --context run-a get role,rolebinding --namespace apps'
good "the Role and the RoleBinding were gone after $took s"

