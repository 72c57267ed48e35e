// Flux's controllers, for the CustomResourceDefinitions inside their modules: ../build takes them from there, as go.sum
// pins them. Nothing is compiled, so `go mod tidy` would empty this file. To update, change a version and run
// `go mod download` with the module's path and version, which adds to go.sum.
module kubectl-tapmc/testbed/flux

go 1.26.0

require (
	github.com/fluxcd/kustomize-controller v1.9.4
	github.com/fluxcd/source-controller v1.9.1
)
