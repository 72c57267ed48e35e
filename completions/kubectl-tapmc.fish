# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_kubectl_tapmc_global_optspecs
    string join \n v/v= h/help V/version
end

function __fish_kubectl_tapmc_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_kubectl_tapmc_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_kubectl_tapmc_using_subcommand
    set -l cmd (__fish_kubectl_tapmc_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -s h -l help -d 'Print help'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -s V -l version -d 'Print version'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "register-run-cluster" -d 'Make the credential for a run cluster and store it, proven, on the build cluster'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "status" -d 'Show the registrations that a build cluster holds'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "pause-supply-chain" -d 'Have controllers leave the supply chain alone, so that it can be changed'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "resume-supply-chain" -d 'Let controllers go on with what was paused'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "supply-chain-status" -d 'Show what is paused, the supply chains, their Workloads and what was stamped for these'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "version" -d 'Print the version of this plugin'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "completion" -d 'Print the completion script of a shell, or of kubectl'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l build-context -d 'The context of the build cluster; asked for on a terminal' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l run-context -d 'The context of the run cluster; asked for on a terminal' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l build-as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l build-as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l run-as -d 'Act as this user on the run cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l run-as-group -d 'Act as a member of this group on the run cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l name -d 'The name of the registration; without it the last part of the run context\'s name' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -s n -l namespace -d 'The namespace on the build cluster where the reader (kapp-controller, Flux, …) finds the kubeconfig Secret; without it the namespace of the build context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l run-namespace -d 'A namespace on the run cluster to deliver to (repeatable); without it the namespace of the run context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l secret-name -d 'The name of the kubeconfig Secret on the build cluster; without it NAME-kubeconfig' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l profile -d 'What the credential may do in each run namespace (repeatable); without it \'deliverable\'' -r -f -a "deliverable\t'Cartographer Deliverables and ConfigMaps'
packages\t'Carvel Packages, PackageInstalls and ConfigMaps'
package-values\t'Secrets, for values of packages: whoever writes Secrets can forge tokens, see --guard'
workload\t'Deployments, Services, Ingresses and ConfigMaps'
flux-impersonate\t'Impersonate one ServiceAccount, named by --impersonate'
view\t'Read everything but Secrets in the whole cluster (needs --allow-broad-rules)'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l rules -d 'A YAML file with PolicyRules of your own, granted in each run namespace' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l impersonate -d 'The ServiceAccount that the profile flux-impersonate may act as' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l account-namespace -d 'The namespace of the account on the run cluster; without it tapmc-NAME' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l service-account -d 'Use this ServiceAccount of your own: no RBAC is touched, markers live beside it' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l duration -d 'How long the token lives: units s, m, h, d; at least 10m (default 30d)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l run-server -d 'The address of the run cluster\'s API server as the reader reaches it' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l run-certificate-authority -d 'The CA of that address, a PEM file' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l run-proxy-url -d 'The proxy on the reader\'s way to that address' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l wait-timeout -d 'How long to wait for what a controller must finish, such as a namespace that is going' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l dry-run -d 'Show what would be done: \'client\' asks the clusters nothing that could change them, \'server\' lets them check every object' -r -f -a "none\t'Changes are made'
client\t'The plan is shown; nothing is sent that could change something'
server\t'Every object is sent as a server-side dry run; no token is ever asked for'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l create-namespace -d 'Make the namespaces (on the build cluster and on the run cluster) that do not exist'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l allow-broad-rules -d 'Allow rules that reach further than a delivery needs: wildcards, escalate, bind, impersonate, and the cluster-wide profile \'view\''
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l guard -d 'Also apply a ValidatingAdmissionPolicy that lets the account write no Secret of type service-account-token (Kubernetes 1.30 or newer)'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l adopt -d 'Take over objects of our names that this registration did not make'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l rotate -d 'Issue a new token although the stored one is still good; a running deploy may use the former one for 20 minutes, then the next run ends it'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l allow-loopback-server -d 'Allow a loopback or link-local address, which a reader in a cluster can rarely reach'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l allow-same-cluster -d 'Allow the build cluster to be the run cluster'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -s y -l yes -d 'Do not ask before changing something'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -s n -l namespace -d 'The namespace of the kubeconfig Secrets; without it the namespace of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -l context -d 'The context of the build cluster; without it the current context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -l as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -l as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -s A -l all-namespaces -d 'In all namespaces of the build cluster'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand pause-supply-chain" -l kind -d 'The kind of the objects that are named' -r -f -a "package-install\t'Carvel\'s PackageInstall (spec.paused)'
app\t'Carvel\'s App (spec.paused)'
package-repository\t'Carvel\'s PackageRepository (spec.paused)'
kustomization\t'Flux\'s Kustomization (spec.suspend)'
helm-release\t'Flux\'s HelmRelease (spec.suspend)'
git-repository\t'Flux\'s GitRepository (spec.suspend)'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand pause-supply-chain" -s n -l namespace -d 'Their namespace; without it tap-install, for Flux kinds the namespace of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand pause-supply-chain" -l reason -d 'Why, for those who find it paused' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand pause-supply-chain" -l context -d 'The context of the build cluster; without it the current context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand pause-supply-chain" -l as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand pause-supply-chain" -l as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand pause-supply-chain" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand pause-supply-chain" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand pause-supply-chain" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand pause-supply-chain" -l wait-timeout -d 'How long to wait for what a controller must finish, such as a namespace that is going' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand pause-supply-chain" -l dry-run -d 'Show what would be done: \'client\' asks the clusters nothing that could change them, \'server\' lets them check every object' -r -f -a "none\t'Changes are made'
client\t'The plan is shown; nothing is sent that could change something'
server\t'Every object is sent as a server-side dry run; no token is ever asked for'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand pause-supply-chain" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand pause-supply-chain" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand pause-supply-chain" -s y -l yes -d 'Do not ask before changing something'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand pause-supply-chain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand resume-supply-chain" -l kind -d 'The kind of the objects that are named' -r -f -a "package-install\t'Carvel\'s PackageInstall (spec.paused)'
app\t'Carvel\'s App (spec.paused)'
package-repository\t'Carvel\'s PackageRepository (spec.paused)'
kustomization\t'Flux\'s Kustomization (spec.suspend)'
helm-release\t'Flux\'s HelmRelease (spec.suspend)'
git-repository\t'Flux\'s GitRepository (spec.suspend)'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand resume-supply-chain" -s n -l namespace -d 'Their namespace; without it tap-install, for Flux kinds the namespace of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand resume-supply-chain" -l context -d 'The context of the build cluster; without it the current context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand resume-supply-chain" -l as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand resume-supply-chain" -l as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand resume-supply-chain" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand resume-supply-chain" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand resume-supply-chain" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand resume-supply-chain" -l wait-timeout -d 'How long to wait for what a controller must finish, such as a namespace that is going' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand resume-supply-chain" -l dry-run -d 'Show what would be done: \'client\' asks the clusters nothing that could change them, \'server\' lets them check every object' -r -f -a "none\t'Changes are made'
client\t'The plan is shown; nothing is sent that could change something'
server\t'Every object is sent as a server-side dry run; no token is ever asked for'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand resume-supply-chain" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand resume-supply-chain" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand resume-supply-chain" -l all -d 'Also resume what somebody else paused'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand resume-supply-chain" -l no-wait -d 'Return as soon as the controllers are told, and do not wait for them'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand resume-supply-chain" -s y -l yes -d 'Do not ask before changing something'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand resume-supply-chain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand supply-chain-status" -s n -l namespace -d 'Only Workloads of this namespace; without it those of all that may be listed' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand supply-chain-status" -l context -d 'The context of the build cluster; without it the current context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand supply-chain-status" -l as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand supply-chain-status" -l as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand supply-chain-status" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand supply-chain-status" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand supply-chain-status" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand supply-chain-status" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand supply-chain-status" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand supply-chain-status" -s A -l all-namespaces -d 'Workloads of all namespaces, and nothing less'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand supply-chain-status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand version" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand version" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand version" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand completion" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand completion" -s h -l help -d 'Print help (see more with \'--help\')'
