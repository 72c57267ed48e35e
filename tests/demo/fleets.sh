# Several run clusters at a time: registered from a file, again, with new tokens, looked at; and with one among them that
# cannot be reached.

heading "A fleet: two run clusters in a file, registered by one command"
cat >fleet.yaml <<'END'
apiVersion: kubectl-tapmc/v1
kind: Fleet
buildContext: build
namespace: fleet
defaults:
  runNamespaces: [web]
  createNamespace: true
  allowLoopbackServer: true
runClusters:
- context: run-a
- context: run-b
END
run 'cat fleet.yaml'
run 'kubectl tapmc register-run-cluster --fleet fleet.yaml --yes'

heading "Again: nothing is left to do"
versions='kubectl --context build -n fleet get secrets -o jsonpath={.items[*].metadata.resourceVersion}'
before=$($versions)
run 'kubectl tapmc register-run-cluster --fleet fleet.yaml --yes'
[ "$before" = "$($versions)" ] || fail "a Secret was written again"

heading "A new token for each of them, and how they fare"
run 'kubectl tapmc rotate-token --all -n fleet --context build --yes'
run 'kubectl tapmc status -A --context build'

heading "One more run namespace for all, and a third run cluster that cannot be reached: it holds up no other"
run 'kubectl config set-cluster nowhere --server https://127.0.0.1:1'
run 'kubectl config set-context run-c --cluster nowhere --user run-a'
run "sed 's/\\[web\\]/[web, jobs]/' fleet.yaml >more.yaml && echo '- context: run-c' >>more.yaml"
ends_with 3 'kubectl tapmc register-run-cluster --fleet more.yaml --yes'
good "exit code 3: a part failed, and the same command does what is left"
for cluster in run-a run-b; do
	kubectl --context $cluster -n jobs get rolebinding "tapmc-$cluster" >/dev/null || fail "$cluster was held up"
done

heading "Remove all of them: the tokens are dead when the command returns"
run 'kubectl tapmc unregister-run-cluster --all -n fleet --context build --delete-run-namespaces --yes'
for cluster in build run-a run-b; do
	left=$(kubectl --context $cluster get namespaces,secrets,serviceaccounts,roles,rolebindings -A -o name \
		-l app.kubernetes.io/managed-by=kubectl-tapmc)
	[ -z "$left" ] || fail "left on $cluster: $left"
done
good "nothing is left on any cluster"
{ kubectl config delete-context run-c && kubectl config delete-cluster nowhere; } >/dev/null
