# One registration for several readers: each gets a credential of its own, in its own form, and ends alone or with the
# registration. A kubeconfig that was made by hand is looked at first.

heading "What would readers make of a kubeconfig as one finds it?"
cat >found.yaml <<'END'
apiVersion: v1
kind: Config
clusters: [{name: a, cluster: {server: "https://a.example.com", insecure-skip-tls-verify: true}}]
users: [{name: a, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: aws}}}]
contexts: [{name: a, context: {cluster: a, user: a}}]
current-context: a
END
refused 'kubectl tapmc lint found.yaml --for flux,argocd,sveltos' exec-program

heading "One registration, and a credential of its own for Argo CD"
run 'kubectl --context run-a create namespace apps --dry-run=client -o yaml | kubectl --context run-a apply -f - >/dev/null 2>&1'
run 'kubectl --context build create namespace argocd >/dev/null'
run 'kubectl tapmc register-run-cluster --build-context build --run-context run-a --run-namespace apps --allow-loopback-server --yes >/dev/null'
run 'kubectl tapmc export run-a --for argocd --apply --context build --yes'

heading "A kubeconfig for a colleague, which is known to be out there; and one for a single command"
run 'kubectl tapmc export run-a --recipient "Ann of team A" --duration 1h --output-file ann.kubeconfig --context build --yes'
run 'kubectl --kubeconfig ann.kubeconfig get configmaps'
run 'kubectl tapmc export run-a --ephemeral --context build --yes -- kubectl get configmaps -o name'
run 'kubectl tapmc status -A -o wide --context build'

heading "Removed with the registration: every token of theirs is dead"
run 'kubectl tapmc unregister-run-cluster run-a --context build --yes'
since=$(date +%s)
await "Ann's token" 30 '! kubectl --kubeconfig ann.kubeconfig get configmaps'
for cluster in build run-a; do
	left=$(kubectl --context $cluster get namespaces,secrets,serviceaccounts,roles,rolebindings -A -o name \
		-l app.kubernetes.io/managed-by=kubectl-tapmc)
	[ -z "$left" ] || fail "left on $cluster: $left"
done
good "nothing is left on either cluster"
run 'kubectl --context build delete namespace argocd >/dev/null'
