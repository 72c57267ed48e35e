# A package in a Git repository reaches the run cluster: with Flux's real source-controller and kustomize-controller, then with
# an App, on the build cluster and on the run cluster itself. Git is served on loopback.

mkfifo hold-flux
"$programs/testbed" flux --dir flux --kubeconfig bed/kubeconfig --context build <hold-flux >flux-ready &
flux=$!
exec 4>hold-flux
until [ -s flux-ready ]; do
	kill -0 "$flux" 2>/dev/null || fail "Flux did not start"
	sleep 0.2
done
folder=$(sed 's/.*"folder":"\([^"]*\)".*/\1/' flux-ready)
GIT_URL=$(sed 's/.*"url":"\([^"]*\)".*/\1/' flux-ready)/public/gitops.git
export GIT_URL GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
for who in AUTHOR COMMITTER; do
	export "GIT_${who}_NAME=demo" "GIT_${who}_EMAIL=demo@example.com"
done
git init --quiet --bare --initial-branch=main "$folder/public/gitops.git"
git init --quiet --initial-branch=main gitops
git -C gitops remote add origin "$folder/public/gitops.git"
package=hello-app.dev.tap
mkdir -p "gitops/$package/packages"
sed 1d "$demo/package.yaml" >"gitops/$package/packages/1.0.0.yaml"

# Commits what is in the working tree, and pushes it.
push() {
	run "git -C gitops add --all && git -C gitops commit --quiet --message '$1' && git -C gitops push --quiet origin main"
}

# Waits until kapp-controller's stand-in on the run cluster has installed the package.
installed() {
	since=$(date +%s)
	until [ "$(kubectl --context run-a -n apps get configmap hello-app -o jsonpath='{.data.greeting}' 2>/dev/null)" = hello ]; do
		[ $(($(date +%s) - since)) -lt 90 ] || fail "the package was not installed"
		sleep 0.5
	done
}

nothing_delivered() {
	left=$(kubectl --context run-a -n apps get packages.data.packaging.carvel.dev,packageinstalls -o name)
	[ -z "$left" ] || fail "left on the run cluster: $left"
}

heading "A run cluster to deliver packages to, and what both clusters lack for it"
run 'kubectl --context run-a create namespace apps --dry-run=client -o yaml | kubectl --context run-a apply -f - >/dev/null 2>&1'
run 'kubectl tapmc register-run-cluster --build-context build --run-context run-a --run-namespace apps --profile packages --profile package-values --allow-loopback-server --yes'
refused 'kubectl tapmc check --context build' Contour

heading "A package is in Git: what installs it is made from its own schema"
run "kubectl tapmc scaffold package-install $package -f gitops --output-dir gitops --run run-a --context build --set replicas=2 --apply --yes"
run "cat gitops/$package/run-a/params.yaml gitops/$package/run-a/packageinstall.yaml"
push 'hello-app for run-a'

heading "One command delivers it with Flux"
run "kubectl tapmc deliver flux $package --run run-a --git-url \$GIT_URL --context build --yes"
installed
run 'kubectl --context build get gitrepositories,kustomizations'
run 'kubectl --context run-a -n apps get packages.data.packaging.carvel.dev,packageinstalls'
run 'kubectl tapmc delivery-status --context build'

heading "A new token, and a new version: Flux goes on with the Secret as it is now"
run 'kubectl tapmc rotate-token run-a --context build --grace 0 --yes'
run "sed 's/1\\.0\\.0/1.1.0/' gitops/$package/packages/1.0.0.yaml >gitops/$package/packages/1.1.0.yaml"
push 'hello-app 1.1.0'
run "kubectl --context build annotate gitrepository $package-gitops-repo reconcile.fluxcd.io/requestedAt=now"
since=$(date +%s)
await "the delivery without the new version" 90 \
	"kubectl --context run-a -n apps get packages.data.packaging.carvel.dev $package.1.1.0"
good "version 1.1.0 is on the run cluster, $took s after that"
run 'kubectl tapmc delivery-status --context build -o tree'

heading "Take it back: Flux removes what it delivered before its own objects go"
run "kubectl tapmc undeliver $package --all --context build --yes"
nothing_delivered

heading "The same with kapp-controller: one App"
run "kubectl tapmc deliver carvel-app $package --run run-a --git-url \$GIT_URL --context build --yes"
installed
run 'kubectl --context build get apps.kappctrl.k14s.io'
run 'kubectl tapmc delivery-status --context build'

heading "Remove the registration with what it delivers"
run 'kubectl tapmc unregister-run-cluster run-a --context build --with-readers --yes'
nothing_delivered
good "nothing is left of the delivery"

heading "Without a build cluster: the App stands on the run cluster, and acts as an account that may do just that"
there='--on-run-cluster --run-context run-a -n apps'
run "kubectl tapmc deliver carvel-app $package $there --run run-a --profile packages --profile package-values --git-url \$GIT_URL --yes"
installed
run "kubectl tapmc delivery-status $there"
run "kubectl tapmc undeliver $package --all $there --yes"
nothing_delivered
left=$(kubectl --context run-a -n apps get serviceaccounts,roles,rolebindings -o name -l app.kubernetes.io/managed-by=kubectl-tapmc)
[ -z "$left" ] || fail "left on the run cluster: $left"
good "and nothing is left of that one either"
kubectl --context run-a delete -f "gitops/$package/access/run-a.yaml" >/dev/null
