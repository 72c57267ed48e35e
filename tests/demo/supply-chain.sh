# The supply chain of a small TAP: paused, changed, put back, resumed; then a chain for images that were built elsewhere.
# A stand-in plays kapp-controller and Cartographer here; the API server is the real one.

heading "On the build cluster, a small TAP with one Workload"
run "kubectl --context build apply -f $demo/tap.yaml >/dev/null"
ready="kubectl --context build -n apps get workload shop -o jsonpath='{.status.conditions[?(@.type==\"Ready\")].status}' | grep -q True"
since=$(date +%s)
until eval "$ready"; do
	[ $(($(date +%s) - since)) -lt 120 ] || fail "the Workload is not ready"
	sleep 0.5
done
run 'kubectl tapmc supply-chain-status --context build'

heading "Pause it: owners first, and nothing is being deployed any more when the command returns"
run "kubectl tapmc pause-supply-chain --context build --reason 'deliverables to Git' --yes"

heading "Two templates, and the installed chain with the two steps more"
run 'kubectl tapmc scaffold deliverable-config --context build --deliverable-repository https://git.example.com/run-a.git >chain.yaml'
run 'kubectl tapmc apply-supply-chain --context build -f chain.yaml --dry-run=server'
if kubectl --context build get clusterconfigtemplate config-deliverable-template >/dev/null 2>&1; then fail "a dry run changed something"; fi

heading "Apply it: the API server checks everything first, and what is replaced is kept"
run 'kubectl tapmc apply-supply-chain --context build -f chain.yaml --reason "deliverables to Git" --yes'
run 'kubectl tapmc undo-supply-chain --context build'
good "the change has a way back"

heading "Take it back, and resume"
run 'kubectl tapmc undo-supply-chain --last --context build --yes'
run 'kubectl tapmc resume-supply-chain --context build --yes'
if kubectl --context build get clusterconfigtemplate config-deliverable-template >/dev/null 2>&1; then fail "the template is still there"; fi
good "everything is as it was"

heading "A chain that runs images which were built elsewhere, in one command"
run 'kubectl tapmc scaffold prebuilt-image --context build --image registry.example.com/apps/demo --apply --yes'
stamped='kubectl --context build get imagerepository demo -o name'
since=$(date +%s)
until eval "$stamped" >/dev/null 2>&1; do
	[ $(($(date +%s) - since)) -lt 60 ] || fail "nothing was stamped"
	sleep 0.5
done
run 'kubectl --context build get imagerepositories,clustersupplychains'
good "the Workload 'demo' has its ImageRepository"
