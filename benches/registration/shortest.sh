#!/bin/sh
# script.sh without every kubectl that somebody who knows kubectl well can spare: five are left. One apply makes the
# namespace too and prints the marker's UID, one `config view` gives address and CA, the proof is a plain list (it needs
# one request, `auth can-i` two), and the Secret is written by hand.
#
#   shortest.sh NAME RUN-NAMESPACE
set -eu
name=$1
run_namespace=$2
account_namespace=tapmc-$name
marker=delivery-$(date +%s)

umask 077
kubeconfig=$(mktemp)
trap 'rm -f "$kubeconfig"' EXIT

uid=$(kubectl --context run apply --server-side --validate=false --output jsonpath='{.items[4].metadata.uid}' -f - <<EOF
apiVersion: v1
kind: Namespace
metadata: {name: $account_namespace}
---
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
)
token=$(kubectl --context run create token delivery --namespace "$account_namespace" --duration 720h \
	--bound-object-kind Secret --bound-object-name "$marker" --bound-object-uid "$uid")
cluster=$(kubectl --context run config view --minify --raw --flatten --output jsonpath='{.clusters[0].cluster}')

# JSON is YAML: the cluster stays as kubectl prints it.
cat >"$kubeconfig" <<EOF
apiVersion: v1
kind: Config
clusters: [{name: $name, cluster: $cluster}]
users: [{name: $name, user: {token: $token}}]
contexts: [{name: $name, context: {cluster: $name, user: $name, namespace: $run_namespace}}]
current-context: $name
EOF
kubectl --kubeconfig "$kubeconfig" get configmaps --output name

kubectl --context build apply --server-side --validate=false -f - <<EOF
apiVersion: v1
kind: Secret
metadata: {name: $name-kubeconfig, namespace: default}
data: {value: $(base64 -w 0 "$kubeconfig")}
EOF
