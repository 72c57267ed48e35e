#!/bin/sh
# What the plugin is measured against: the same registration by kubectl alone, one step after the other, and each step as
# fast as kubectl takes it: server-side apply, no validation, discovery from the disk cache, no waiting.
#
#   script.sh NAME RUN-NAMESPACE
#
# The contexts are called 'build' and 'run'; the Secret NAME-kubeconfig goes to the build cluster's namespace 'default'.
set -eu
name=$1
run_namespace=$2
account_namespace=tapmc-$name
marker=delivery-$(date +%s)

umask 077
kubeconfig=$(mktemp)
trap 'rm -f "$kubeconfig"' EXIT

# It may be there already.
kubectl create namespace "$account_namespace" --dry-run=client --output yaml |
	kubectl --context run apply --server-side --validate=false -f -

# The account, its rights, and the Secret whose deletion ends the token.
kubectl --context run apply --server-side --validate=false -f - <<EOF
apiVersion: v1
kind: ServiceAccount
metadata: {name: delivery, namespace: $account_namespace}
automountServiceAccountToken: false
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: tapmc-$name, namespace: $run_namespace}
rules:
  - apiGroups: [""]
    resources: [configmaps]
    verbs: [get, list, create, update, patch, delete]
  - apiGroups: [carto.run]
    resources: [deliverables]
    verbs: [get, list, create, update, patch, delete]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: tapmc-$name, namespace: $run_namespace}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: tapmc-$name}
subjects: [{kind: ServiceAccount, name: delivery, namespace: $account_namespace}]
---
apiVersion: v1
kind: Secret
metadata: {name: $marker, namespace: $account_namespace}
EOF

# The token, bound to that very Secret.
uid=$(kubectl --context run get secret "$marker" --namespace "$account_namespace" --output jsonpath='{.metadata.uid}')
token=$(kubectl --context run create token delivery --namespace "$account_namespace" --duration 720h \
	--bound-object-kind Secret --bound-object-name "$marker" --bound-object-uid "$uid")

# The kubeconfig.
server=$(kubectl --context run config view --minify --output jsonpath='{.clusters[0].cluster.server}')
ca=$(kubectl --context run config view --minify --raw --flatten \
	--output jsonpath='{.clusters[0].cluster.certificate-authority-data}')
cat >"$kubeconfig" <<EOF
apiVersion: v1
kind: Config
clusters: [{name: $name, cluster: {server: "$server", certificate-authority-data: $ca}}]
users: [{name: $name, user: {token: $token}}]
contexts: [{name: $name, context: {cluster: $name, user: $name, namespace: $run_namespace}}]
current-context: $name
EOF

# The proof that it works, then the Secret.
kubectl --kubeconfig "$kubeconfig" auth can-i create configmaps
kubectl create secret generic "$name-kubeconfig" --namespace default --from-file value="$kubeconfig" \
	--dry-run=client --output yaml |
	kubectl --context build apply --server-side --validate=false -f -
