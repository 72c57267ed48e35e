# A registration through its life: looked after, proven, renewed, removed. The part before this one left its Secret behind
# with a token that is dead: registering again is the repair.

heading "Register it, and let an App deliver through the Secret"
run 'kubectl --context run-a create namespace apps --dry-run=client -o yaml | kubectl --context run-a apply -f - >/dev/null 2>&1'
run 'kubectl tapmc register-run-cluster --build-context build --run-context run-a --run-namespace apps --allow-loopback-server --yes'
run "kubectl --context build apply -f $demo/delivery-app.yaml"
since=$(date +%s)
until kubectl --context run-a -n apps get configmap shop >/dev/null 2>&1; do
	[ $(($(date +%s) - since)) -lt 60 ] || fail "the App delivered nothing"
	sleep 0.5
done
good "the App's ConfigMap is on the run cluster"

heading "How it fares, and who reads it"
run 'kubectl tapmc status --context build'
run 'kubectl tapmc verify run-a --context build --through-reader --yes'

heading "A new token; the former one ends at once"
run "kubectl --context build get secret run-a-kubeconfig -o go-template='{{.data.value | base64decode}}' >former.kubeconfig"
run 'kubectl tapmc rotate-token run-a --context build --grace 0 --yes'
refused 'kubectl --kubeconfig former.kubeconfig get configmaps' Unauthorized
run 'kubectl tapmc verify run-a --context build'

heading "Somebody takes rights away on the run cluster: status says so, and what helps"
run 'kubectl --context run-a -n apps delete rolebinding tapmc-run-a'
since=$(date +%s)
until kubectl tapmc status --context build 2>/dev/null | grep -q rights-missing; do
	[ $(($(date +%s) - since)) -lt 60 ] || fail "the loss was not seen"
	sleep 0.5
done
run 'kubectl tapmc status --context build'
run 'kubectl tapmc register-run-cluster --build-context build --run-context run-a --allow-loopback-server --yes'

heading "Remove it: not while something still reads it"
refused 'kubectl tapmc unregister-run-cluster run-a --context build --yes' '--with-readers'
run 'kubectl tapmc unregister-run-cluster run-a --context build --with-readers --yes'
for cluster in build run-a; do
	left=$(kubectl --context $cluster get namespaces,secrets,serviceaccounts,roles,rolebindings -A -o name \
		-l app.kubernetes.io/managed-by=kubectl-tapmc)
	[ -z "$left" ] || fail "left on $cluster: $left"
done
if kubectl --context run-a -n apps get configmap shop >/dev/null 2>&1; then fail "the App's ConfigMap is still there"; fi
good "nothing is left on either cluster, nor what the App had delivered"
