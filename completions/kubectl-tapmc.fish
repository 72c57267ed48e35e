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
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "register-run-cluster" -d 'Make the credential for a run cluster, and store it, proven'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "status" -d 'Show the registrations that a build cluster holds'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "verify" -d 'Prove stored credentials again, from here or through their reader'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "export" -d 'Make a credential for one reader, in the form that it takes'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "rotate-token" -d 'Issue a new token for registrations, and end the former one'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "unregister-run-cluster" -d 'Remove registrations, and prove that their tokens are dead'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "rotation-schedule" -d 'Have a CronJob on the build cluster renew the tokens of registrations'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "pause-supply-chain" -d 'Have controllers leave the supply chain alone, so that it can be changed'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "resume-supply-chain" -d 'Let controllers go on with what was paused'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "supply-chain-status" -d 'Show what is paused, the chains, their Workloads and what was stamped'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "apply-supply-chain" -d 'Change supply chains and templates so that it can be undone'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "undo-supply-chain" -d 'List the changes of supply chains, and take one back'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "scaffold" -d 'Make chains, templates, and the files that install a package'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "handover" -d 'Hand the Deliverable of a Workload over to a run cluster'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "deliver" -d 'Have kapp-controller or Flux deliver from Git to run clusters'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "delivery-status" -d 'Show what is delivered to run clusters, and how it fares there'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "check" -d 'Check what the clusters need for deliveries, and lack'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "lint" -d 'Check kubeconfigs and cluster Secrets against what their readers accept'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "import" -d 'Take over credentials that were made by hand or by another tool'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "undeliver" -d 'End a delivery, and have its reader take back what it delivered'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "version" -d 'Print the version of this plugin'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_needs_command" -f -a "completion" -d 'Print the completion script of a shell, or of kubectl'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l build-context -d 'The context of the build cluster; asked for on a terminal' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l run-context -d 'The context of the run cluster; asked for on a terminal. With a pattern such as \'prod-*\' every context that it matches' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l build-as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l build-as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l run-as -d 'Act as this user on the run cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l run-as-group -d 'Act as a member of this group on the run cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l fleet -d 'Register the run clusters of this YAML file (\'-\' for stdin); --run-context then takes a part of them. What an entry says goes before the file\'s defaults, and those before the flags, which hold for what the file does not say; --build-context alone goes before the file\'s' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l name -d 'The name of the registration; without it the last part of the run context\'s name' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -s n -l namespace -d 'The namespace on the build cluster where the reader (kapp-controller, Flux, …) finds the kubeconfig Secret; without it the namespace of the build context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l run-namespace -d 'A namespace on the run cluster to deliver to (repeatable); without it the namespace of the run context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l secret-name -d 'The name of the kubeconfig Secret on the build cluster; without it NAME-kubeconfig' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l profile -d 'What the credential may do in each run namespace (repeatable); without it \'deliverable\'' -r -f -a "deliverable\t'Cartographer Deliverables and ConfigMaps'
packages\t'Carvel Packages, PackageInstalls and ConfigMaps'
package-values\t'Secrets, for values of packages: whoever writes Secrets can forge tokens, see --guard'
workload\t'Deployments, Services, Ingresses and ConfigMaps'
flux-impersonate\t'Impersonate one ServiceAccount, named by --impersonate'
view\t'Read everything but Secrets in the whole cluster (needs --allow-broad-rules)'
watch\t'Watch what the rest grants'
istio\t'What istiod reads of a remote cluster, its Secrets too (needs --allow-broad-rules)'
karmada\t'The nodes and Pods that Karmada reads (needs --allow-broad-rules)'
admiralty\t'What Admiralty does in a target cluster (needs --allow-broad-rules)'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l rules -d 'A YAML file with PolicyRules of your own: a list or a Role, granted in each run namespace; a ClusterRole, granted in the whole run cluster (needs --allow-broad-rules)' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l impersonate -d 'The ServiceAccount that the profile flux-impersonate may act as' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l account-namespace -d 'The namespace of the account on the run cluster; without it tapmc-NAME' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l service-account -d 'Use this ServiceAccount of your own: no RBAC is touched, markers live beside it' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l duration -d 'How long the token lives: units s, m, h, d; at least 10m (default 30d)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l run-server -d 'The address of the run cluster\'s API server as the reader reaches it' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l run-certificate-authority -d 'The CA of that address, a PEM file' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l run-proxy-url -d 'The proxy on the reader\'s way to that address' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l run-side -d 'Do the run cluster\'s side alone, and write a voucher for the administrator of the build cluster: to FILE, or to what -o names (\'-\' for a pipe)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l build-side -d 'Do the build cluster\'s side alone, with the voucher in FILE (\'-\' for stdin)' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l voucher-lifetime -d 'How long the voucher can be redeemed, at least 10m (default 1h)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l age-recipient -d 'Encrypt the voucher for this age key, age1… (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l age-recipients-file -d 'Encrypt the voucher for the age keys in this file, one a line (repeatable)' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l age-identity -d 'The age key to decrypt the voucher with, as age-keygen writes it (repeatable)' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l build-cluster-uid -d 'The build cluster that a voucher is for, where that is not recorded yet: the UID of its namespace kube-system, or NAMESPACE:UID of another one' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l wait-timeout -d 'How long to wait for what a controller must finish, such as a namespace that is going' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l parallel -d 'How many run clusters are worked on at a time; one that does not answer gives its place to the next' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l dry-run -d 'Show what would be done: \'client\' asks the clusters nothing that could change them, \'server\' lets them check every object' -r -f -a "none\t'Changes are made'
client\t'The plan is shown; nothing is sent that could change something'
server\t'Every object is sent as a server-side dry run; no token is ever asked for'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -s o -l output -d 'The form of the result on stdout; with --run-side the file of the voucher' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l create-namespace -d 'Make the namespaces (on the build cluster and on the run cluster) that do not exist'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l allow-broad-rules -d 'Allow rules that reach further than a delivery needs: wildcards, escalate, bind, impersonate, and what reaches the whole cluster'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l guard -d 'Also apply a ValidatingAdmissionPolicy that lets the account write no Secret of type service-account-token (Kubernetes 1.30 or newer)'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l adopt -d 'Take over objects of our names that this registration did not make'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l renew -d 'Have the token renewed from now on, as rotation-schedule --apply does; it then lives for a day unless --duration says otherwise'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l rotate -d 'Issue a new token although the stored one is still good; a running deploy may use the former one for 20 minutes, then the next run ends it'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l allow-loopback-server -d 'Allow a loopback or link-local address, which a reader in a cluster can rarely reach'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -l allow-same-cluster -d 'Allow the build cluster to be the run cluster'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -s y -l yes -d 'Do not ask before changing something'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand register-run-cluster" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -s n -l namespace -d 'The namespace of the kubeconfig Secrets; without it the namespace of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -l live -d 'Look at the run clusters too; without this flag for up to 20 registrations' -r -f -a "true\t''
false\t''"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -l watch-interval -d 'How long to wait between two looks' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -l context -d 'The context of the build cluster; without it the current context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -l as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -l as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -l run-context -d 'Your context for the run cluster; without it the one that leads to the registration\'s cluster. With a pattern such as \'prod-*\' those registrations are meant to whose run cluster a matching context leads, by that one' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -l run-as -d 'Act as this user on the run cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -l run-as-group -d 'Act as a member of this group on the run cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -l parallel -d 'How many run clusters are worked on at a time; one that does not answer gives its place to the next' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -s A -l all-namespaces -d 'In all namespaces of the build cluster'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -l exit-code -d 'End with exit code 7 if one of them is not fine'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -s w -l watch -d 'Show it again and again until Ctrl-C, which ends it with exit code 0'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand verify" -s n -l namespace -d 'The namespace of the kubeconfig Secrets; without it the namespace of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand verify" -l through-reader -d 'Have a controller of the build cluster use the Secret too; without a READER every one that can' -r -f -a "any\t'Every one that can'
app\t'kapp-controller, by a temporary App'
flux\t'Flux: what refers to the Secret already, and a temporary Kustomization where --source is given'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand verify" -l source -d 'Make a temporary Kustomization of this source: GitRepository/NAME, OCIRepository/NAME or Bucket/NAME in the namespace of the Secret. What stands in --path is applied to the run namespace and deleted again' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand verify" -l path -d 'The folder of the source' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand verify" -l parallel -d 'How many run clusters are worked on at a time; one that does not answer gives its place to the next' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand verify" -l context -d 'The context of the build cluster; without it the current context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand verify" -l as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand verify" -l as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand verify" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand verify" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand verify" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand verify" -l wait-timeout -d 'How long to wait for what a controller must finish, such as a namespace that is going' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand verify" -l dry-run -d 'Show what would be done: \'client\' asks the clusters nothing that could change them, \'server\' lets them check every object' -r -f -a "none\t'Changes are made'
client\t'The plan is shown; nothing is sent that could change something'
server\t'Every object is sent as a server-side dry run; no token is ever asked for'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand verify" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand verify" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand verify" -s A -l all-namespaces -d 'In all namespaces of the build cluster'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand verify" -l all -d 'All registrations of the namespace, or with -A of the build cluster'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand verify" -s y -l yes -d 'Do not ask before changing something'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l for -d 'The reader: argocd, istio, karmada, … (the README lists them)' -r -f -a "kubeconfig\t''
carvel\t''
kapp-controller\t''
flux\t''
argocd\t''
argo-cd\t''
cluster-api\t''
capi\t''
istio\t''
karmada\t''
sveltos\t''
admiralty\t''
multicluster-runtime\t''
cluster-profile\t''
cluster-inventory-api\t''
fleet\t''
crossplane\t''
capact\t''
argo-mck\t''
mck\t''
tap-gui\t''
backstage\t''
tensile-kube\t''
liqo\t''"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -s n -l namespace -d 'The namespace of the reader\'s Secret; without it the one where the reader looks for it, or that of the registration' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l registration-namespace -d 'The namespace of the registration\'s Secret; without it that of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l secret-name -d 'The name of the reader\'s Secret; without it the one that the reader wants' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l kind -d 'The reader\'s own object that refers to the Secret, as KIND or KIND.GROUP (repeatable); without it the usual one' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l part -d 'Which of Capact\'s texts' -r -f -a "create\t'A TypeInstance, for `capact typeinstance create -f`'
update\t'Its change, for `capact typeinstance apply -f`: how it is renewed'
policy\t'The rules that inject it, for `capact policy apply -f`; no credential'
additional-input\t'What an Implementation says to take it in; no credential'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l type-instance-id -d 'The id of Capact\'s TypeInstance, for --part update and policy' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l interface -d 'The one interface that Capact injects it for, as PATH or PATH:REVISION, for --part policy; without it all' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l output-file -d 'Write it to this new file, which only you can read' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l recipient -d 'For whom it is printed, as status will tell; without it for the reader' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l name -d 'The name of the registration that it becomes, for more than one of a kind' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l profile -d 'What the reader may do (repeatable); without this and --rules what the README\'s table says for it' -r -f -a "deliverable\t'Cartographer Deliverables and ConfigMaps'
packages\t'Carvel Packages, PackageInstalls and ConfigMaps'
package-values\t'Secrets, for values of packages: whoever writes Secrets can forge tokens, see --guard'
workload\t'Deployments, Services, Ingresses and ConfigMaps'
flux-impersonate\t'Impersonate one ServiceAccount, named by --impersonate'
view\t'Read everything but Secrets in the whole cluster (needs --allow-broad-rules)'
watch\t'Watch what the rest grants'
istio\t'What istiod reads of a remote cluster, its Secrets too (needs --allow-broad-rules)'
karmada\t'The nodes and Pods that Karmada reads (needs --allow-broad-rules)'
admiralty\t'What Admiralty does in a target cluster (needs --allow-broad-rules)'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l rules -d 'A YAML file with PolicyRules of your own: a list or a Role, granted in each run namespace; a ClusterRole, granted in the whole run cluster (needs --allow-broad-rules)' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l run-namespace -d 'Where it may do that (repeatable); without it where the registration may' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l duration -d 'The lifetime of its tokens; without it that of the registration\'s, and 1h with --ephemeral' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l run-context -d 'Your context for the run cluster; without it the one that leads to the registration\'s cluster. With a pattern such as \'prod-*\' those registrations are meant to whose run cluster a matching context leads, by that one' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l run-as -d 'Act as this user on the run cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l run-as-group -d 'Act as a member of this group on the run cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l parallel -d 'How many run clusters are worked on at a time; one that does not answer gives its place to the next' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l context -d 'The context of the build cluster; without it the current context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l wait-timeout -d 'How long to wait for what a controller must finish, such as a namespace that is going' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l dry-run -d 'Show what would be done: \'client\' asks the clusters nothing that could change them, \'server\' lets them check every object' -r -f -a "none\t'Changes are made'
client\t'The plan is shown; nothing is sent that could change something'
server\t'Every object is sent as a server-side dry run; no token is ever asked for'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l all -d 'From all registrations of the namespace, or with -A of the build cluster'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -s A -l all-namespaces -d 'The registrations of all namespaces of the build cluster'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l no-object -d 'No object of the reader\'s: the Secret alone'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l apply -d 'Keep it in a Secret where the reader looks for it'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l show-secret -d 'Print it although a person may see it'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l ephemeral -d 'Give it to the one command after `--` by KUBECONFIG, and revoke it when that ends'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l allow-broad-rules -d 'Allow rules that reach far, such as all verbs or the whole cluster'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -l adopt -d 'Take over what is in the way under these names: a Secret, the reader\'s object, the account of another registration'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -s y -l yes -d 'Do not ask before changing something'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -s n -l namespace -d 'The namespace of the kubeconfig Secrets; without it the namespace of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l if-expiring-within -d 'Only tokens that end within this time; markers whose grace is over are deleted in any case' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l if-issued-before -d 'Only tokens issued before this time (RFC 3339): what a run that failed in part left undone, as its hint says' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l grace -d 'How long the former token is spared; 0 ends it at once, and proves that' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l duration -d 'The lifetime to ask for; without it the recorded one' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l shard -d 'Only this part of the registrations, for several runs side by side: 0/4 is the first of four' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l renewal-namespace -d 'The namespace on the build cluster with the renewal kubeconfigs' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l jitter -d 'Wait for a random time of at most this before beginning' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l run-side -d 'Do the run cluster\'s side alone, and write a voucher for the administrator of the build cluster: to FILE, or to what -o names (\'-\' for a pipe)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l build-side -d 'Do the build cluster\'s side alone, with the voucher in FILE (\'-\' for stdin)' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l voucher-lifetime -d 'How long the voucher can be redeemed, at least 10m (default 1h)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l age-recipient -d 'Encrypt the voucher for this age key, age1… (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l age-recipients-file -d 'Encrypt the voucher for the age keys in this file, one a line (repeatable)' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l age-identity -d 'The age key to decrypt the voucher with, as age-keygen writes it (repeatable)' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l context -d 'The context of the build cluster; without it the current context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l run-context -d 'Your context for the run cluster; without it the one that leads to the registration\'s cluster. With a pattern such as \'prod-*\' those registrations are meant to whose run cluster a matching context leads, by that one' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l run-as -d 'Act as this user on the run cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l run-as-group -d 'Act as a member of this group on the run cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l wait-timeout -d 'How long to wait for what a controller must finish, such as a namespace that is going' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l parallel -d 'How many run clusters are worked on at a time; one that does not answer gives its place to the next' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l dry-run -d 'Show what would be done: \'client\' asks the clusters nothing that could change them, \'server\' lets them check every object' -r -f -a "none\t'Changes are made'
client\t'The plan is shown; nothing is sent that could change something'
server\t'Every object is sent as a server-side dry run; no token is ever asked for'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -s o -l output -d 'The form of the result on stdout; with --run-side the file of the voucher' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -s A -l all-namespaces -d 'In all namespaces of the build cluster'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l all -d 'All registrations of the namespace, or with -A of the build cluster'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l evict -d 'Make the ServiceAccounts anew: every token of them, of whatever kind and wherever it may be, ends at once'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -l renewal -d 'Renew as the CronJob of rotation-schedule does: with the renewal kubeconfig, within the running generation, and only a token with a third of its life behind it (or --if-expiring-within)'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -s y -l yes -d 'Do not ask before changing something'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotate-token" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -s n -l namespace -d 'The namespace of the kubeconfig Secrets; without it the namespace of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -l build-cluster-uid -d 'The build cluster whose registration is meant, where several have one of that name: as the run cluster records it' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -l run-context -d 'Your context for the run cluster; without it the one that leads to the registration\'s cluster. With a pattern such as \'prod-*\' those registrations are meant to whose run cluster a matching context leads, by that one' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -l run-as -d 'Act as this user on the run cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -l run-as-group -d 'Act as a member of this group on the run cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -l parallel -d 'How many run clusters are worked on at a time; one that does not answer gives its place to the next' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -l context -d 'The context of the build cluster; without it the current context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -l as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -l as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -l wait-timeout -d 'How long to wait for what a controller must finish, such as a namespace that is going' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -l dry-run -d 'Show what would be done: \'client\' asks the clusters nothing that could change them, \'server\' lets them check every object' -r -f -a "none\t'Changes are made'
client\t'The plan is shown; nothing is sent that could change something'
server\t'Every object is sent as a server-side dry run; no token is ever asked for'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -s A -l all-namespaces -d 'In all namespaces of the build cluster'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -l all -d 'All registrations of the namespace; with -A those of all namespaces'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -l with-readers -d 'First delete what reads the Secret (App, PackageInstall, Kustomization, HelmRelease), and with it what that deployed, and wait until it is gone'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -l ignore-readers -d 'Go on although something reads the Secret and will fail, or although you may not list what does'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -l delete-run-namespaces -d 'Delete also the run namespaces that --create-namespace made for this registration, with everything in them'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -l force-unreachable -d 'Where the run cluster is gone: remove the build cluster\'s side, and say what is left over there'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -l run-side -d 'Remove the run cluster\'s side alone, by what that cluster records; its tokens end'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -l build-side -d 'Remove the build cluster\'s side alone: readers, where that is wished, and the Secret'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -s y -l yes -d 'Do not ask before changing something'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand unregister-run-cluster" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -s n -l namespace -d 'The namespace of the kubeconfig Secrets; without it the namespace of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -l renewal-namespace -d 'The namespace on the build cluster for the CronJobs and the renewal kubeconfigs; --remove finds the recorded one' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -l image -d 'The image with this plugin; without it that of this version (build it from the Containerfile)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -l schedule -d 'When the CronJob runs; without it every eighth of the token\'s life, but at least every hour. Less than every sixth of it leaves little time for another try, and status calls the renewal late' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -l jitter -d 'How long each run waits at the most before it begins; without it a tenth of the time between two runs' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -l shards -d 'One CronJob for all registrations, whose runs are of so many parts side by side' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -l duration -d 'The lifetime of the tokens from now on; without it the recorded one' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -l context -d 'The context of the build cluster; without it the current context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -l as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -l as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -l run-context -d 'Your context for the run cluster; without it the one that leads to the registration\'s cluster. With a pattern such as \'prod-*\' those registrations are meant to whose run cluster a matching context leads, by that one' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -l run-as -d 'Act as this user on the run cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -l run-as-group -d 'Act as a member of this group on the run cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -l wait-timeout -d 'How long to wait for what a controller must finish, such as a namespace that is going' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -l parallel -d 'How many run clusters are worked on at a time; one that does not answer gives its place to the next' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -l dry-run -d 'Show what would be done: \'client\' asks the clusters nothing that could change them, \'server\' lets them check every object' -r -f -a "none\t'Changes are made'
client\t'The plan is shown; nothing is sent that could change something'
server\t'Every object is sent as a server-side dry run; no token is ever asked for'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -s A -l all-namespaces -d 'In all namespaces of the build cluster'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -l all -d 'All registrations of the namespace, or with -A of the build cluster'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -l apply -d 'Apply it on both clusters, prove the renewal kubeconfig and store it'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -l remove -d 'Take it back on both clusters: every renewal token ends'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -s y -l yes -d 'Do not ask before changing something'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand rotation-schedule" -s h -l help -d 'Print help (see more with \'--help\')'
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
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand apply-supply-chain" -s f -l filename -d 'A file with objects, a folder of such files (*.yaml, *.yml, *.json), or - for standard input (repeatable)' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand apply-supply-chain" -s n -l namespace -d 'The namespace of objects that name none; without it the namespace of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand apply-supply-chain" -l reason -d 'Why; it is kept with the backup' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand apply-supply-chain" -l backup-namespace -d 'The namespace of the backup; without it that of --namespace or of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand apply-supply-chain" -l context -d 'The context of the build cluster; without it the current context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand apply-supply-chain" -l as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand apply-supply-chain" -l as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand apply-supply-chain" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand apply-supply-chain" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand apply-supply-chain" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand apply-supply-chain" -l wait-timeout -d 'How long to wait for what a controller must finish, such as a namespace that is going' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand apply-supply-chain" -l dry-run -d 'Show what would be done: \'client\' asks the clusters nothing that could change them, \'server\' lets them check every object' -r -f -a "none\t'Changes are made'
client\t'The plan is shown; nothing is sent that could change something'
server\t'Every object is sent as a server-side dry run; no token is ever asked for'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand apply-supply-chain" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand apply-supply-chain" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand apply-supply-chain" -s R -l recursive -d 'Read the folders in the folders as well'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand apply-supply-chain" -l no-wait -d 'Do not wait until the chains are Ready'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand apply-supply-chain" -l allow-selector-conflict -d 'Go on although a Workload would match several chains equally well, and stop'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand apply-supply-chain" -l allow-missing-templates -d 'Go on although templates of a chain do not exist; it is not waited for then'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand apply-supply-chain" -l allow-unpaused -d 'Go on although an object belongs to a PackageInstall or App that is not paused, and that takes the change back'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand apply-supply-chain" -s y -l yes -d 'Do not ask before changing something'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand apply-supply-chain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undo-supply-chain" -s n -l namespace -d 'The namespace of the backups; without it the namespace of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undo-supply-chain" -l context -d 'The context of the build cluster; without it the current context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undo-supply-chain" -l as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undo-supply-chain" -l as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undo-supply-chain" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undo-supply-chain" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undo-supply-chain" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undo-supply-chain" -l wait-timeout -d 'How long to wait for what a controller must finish, such as a namespace that is going' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undo-supply-chain" -l dry-run -d 'Show what would be done: \'client\' asks the clusters nothing that could change them, \'server\' lets them check every object' -r -f -a "none\t'Changes are made'
client\t'The plan is shown; nothing is sent that could change something'
server\t'Every object is sent as a server-side dry run; no token is ever asked for'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undo-supply-chain" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undo-supply-chain" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undo-supply-chain" -l last -d 'The newest backup that is not undone yet'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undo-supply-chain" -s A -l all-namespaces -d 'List the backups of all namespaces'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undo-supply-chain" -l force -d 'Undo the change of objects that somebody changed since, too: what they did is lost'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undo-supply-chain" -l allow-unpaused -d 'Go on although an object belongs to a PackageInstall or App that is not paused, and that takes the change back'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undo-supply-chain" -l no-wait -d 'Do not wait until the chains are Ready'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undo-supply-chain" -s y -l yes -d 'Do not ask before changing something'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undo-supply-chain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and not __fish_seen_subcommand_from deliverable-config package-install prebuilt-image" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and not __fish_seen_subcommand_from deliverable-config package-install prebuilt-image" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and not __fish_seen_subcommand_from deliverable-config package-install prebuilt-image" -f -a "deliverable-config" -d 'For each Workload a ConfigMap with its Deliverable, written to a Git repository'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and not __fish_seen_subcommand_from deliverable-config package-install prebuilt-image" -f -a "package-install" -d 'The files by which a Package is installed on run clusters, in the layout of a GitOps repository'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and not __fish_seen_subcommand_from deliverable-config package-install prebuilt-image" -f -a "prebuilt-image" -d 'A chain that runs images which were built elsewhere'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l chain -d 'The installed chain that gets the steps' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l config-template -d 'The name of the ClusterConfigTemplate with the Deliverable' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l writer-template -d 'The name of the ClusterTemplate that writes it' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l run-template -d 'The installed ClusterRunTemplate that makes a TaskRun of a Runnable' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l deliverable-type -d 'The value of the label app.tanzu.vmware.com/deliverable-type, by which ClusterDeliveries select' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l deliverable-repository -d 'The Git repository that the Deliverables are written to; without it that of the installed chain' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l deliverable-branch -d 'Its branch (main)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l git-branch -d 'The branch of the Workloads\' configuration, gitops_branch (main)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l git-user-name -d 'Who commits, gitops_user_name (supplychain)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l git-user-email -d 'Under which e-mail address, gitops_user_email (supplychain@cluster.local)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l git-commit-message -d 'With which message, gitops_commit_message (Update the Deliverable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l ssh-secret -d 'The Secret on the run cluster by which it reads the configuration, gitops_ssh_secret (none)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l service-account -d 'The ServiceAccount of the TaskRun that writes; without it that of the installed chain\'s config-writer (default)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l task-kind -d 'What git-writer is, without asking the cluster' -r -f -a "task\t'A Task in a namespace of its own: TAP 1.7 and newer'
cluster-task\t'A ClusterTask: TAP up to 1.6'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l task-name -d 'Its name' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l task-namespace -d 'The namespace of a Task' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l reason -d 'Why; it is kept with the backup' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l backup-namespace -d 'The namespace of the backup; without it that of --namespace or of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l dry-run -d 'Show what would be done: \'client\' asks the clusters nothing that could change them, \'server\' lets them check every object' -r -f -a "none\t'Changes are made'
client\t'The plan is shown; nothing is sent that could change something'
server\t'Every object is sent as a server-side dry run; no token is ever asked for'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l wait-timeout -d 'How long to wait for what a controller must finish, such as a namespace that is going' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l context -d 'The context of the build cluster; without it the current context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l keep-deliverable -d 'Keep TAP\'s own `deliverable` step beside the new ones, whose ConfigMap is then called WORKLOAD-deliverable-config'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l apply -d 'Apply it instead of printing it, as apply-supply-chain does'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l no-wait -d 'Do not wait until the chains are Ready'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l allow-selector-conflict -d 'Go on although a Workload would match several chains equally well, and stop'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l allow-missing-templates -d 'Go on although templates of a chain do not exist; it is not waited for then'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -l allow-unpaused -d 'Go on although an object belongs to a PackageInstall or App that is not paused, and that takes the change back'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -s y -l yes -d 'Do not ask before changing something'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from deliverable-config" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -s f -l filename -d 'Where its Packages are: a file with objects, a folder with such files, the folder of the package or the root of a GitOps repository (repeatable); without it the build cluster, else the run clusters' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -s n -l namespace -d 'The namespace of the Packages on the build cluster; without it that of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l version-constraint -d 'Which versions may be installed: \'>=1.0.0 <2.0.0\'; without it the newest that is there, exactly' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l run -d 'The run clusters, by the names of their registrations: --run a,b' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l registration-namespace -d 'The namespace of the registrations\' Secrets on the build cluster; without it that of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l run-namespace -d 'The namespace on the run clusters; without it the only one of each registration. With -f and this no cluster is asked, unless --context names one or --apply is given' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l name -d 'The name of the PackageInstall; without it the first part of the package\'s name' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l service-account -d 'The ServiceAccount as which kapp-controller installs it; without it NAME-sa' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l rules -d 'A file with PolicyRules that the package needs besides Deployments, Services, Ingresses and ConfigMaps' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l set -d 'A value: a.b=1, list[0].name=x (repeatable). Others may see it while this runs: secrets belong into a file' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l values -d 'A file with values, or a params.yaml; or - for standard input (repeatable; later ones win, and --set wins over all)' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l seal-cert -d 'The certificate to seal for, for kubeseal --cert; without it that of each run cluster, by your context for it' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l output-dir -d 'Write the files below this folder, the root of a GitOps repository, instead of printing them' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l run-as -d 'Act as this user on the run cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l run-as-group -d 'Act as a member of this group on the run cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l context -d 'The context of the build cluster; without it the current context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l dry-run -d 'Show what would be done: \'client\' asks the clusters nothing that could change them, \'server\' lets them check every object' -r -f -a "none\t'Changes are made'
client\t'The plan is shown; nothing is sent that could change something'
server\t'Every object is sent as a server-side dry run; no token is ever asked for'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l run-context -d 'Your context for the run cluster; without it the one that leads there' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l prereleases -d 'Pre-releases count as well'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l downgradable -d 'Let kapp-controller go to a lower version as well'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l all -d 'All run clusters that are registered in the namespace'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l no-access -d 'Make neither the account nor its rights: they are there'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l ignore-schema -d 'Take the values as they are given: no comments, no defaults, no check'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l sops -d 'Encrypt params.yaml with your sops and its .sops.yaml; nothing of it is written unencrypted'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l seal -d 'Make params.yaml a SealedSecret with your kubeseal; nothing of it is written unencrypted'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l force -d 'Overwrite files that differ, and take over fields of the account\'s rights that somebody else set'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -l apply -d 'Apply the account and its rights on the run clusters'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -s y -l yes -d 'Do not ask before changing something'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from package-install" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l chain -d 'The name of the ClusterSupplyChain' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l selector -d 'The label by which Workloads select it' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l image-template -d 'The name of the ClusterImageTemplate' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l deployment-template -d 'The name of the ClusterTemplate with the Deployment' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l image-step -d 'The name of the step with the image' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l deployment-step -d 'The name of the step with the Deployment' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l source -d 'Which controller watches the image' -r -f -a "image-repository\t'Tanzu\'s source controller, by an ImageRepository'
flux\t'Flux, by an OCIRepository'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l source-version -d 'The version of Flux\'s OCIRepository; without it the one that the cluster serves if one is asked, else v1 (before Flux 2.6: v1beta2)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l image-path -d 'Where the watched object has the image: .spec.image (the default) is the reference as the Workload has it, .status.artifact.revision the digest behind it; for Flux the latter' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l interval -d 'How often the image is looked at' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l service-account -d 'The ServiceAccount as which Cartographer stamps' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l role -d 'The name of its Role and RoleBinding' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l workload -d 'The name of the sample Workload' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l image -d 'Its image' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -s n -l namespace -d 'The namespace of account and Workload; without it that of the context, else \'default\'' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l reason -d 'Why; it is kept with the backup' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l backup-namespace -d 'The namespace of the backup; without it that of --namespace or of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l dry-run -d 'Show what would be done: \'client\' asks the clusters nothing that could change them, \'server\' lets them check every object' -r -f -a "none\t'Changes are made'
client\t'The plan is shown; nothing is sent that could change something'
server\t'Every object is sent as a server-side dry run; no token is ever asked for'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l wait-timeout -d 'How long to wait for what a controller must finish, such as a namespace that is going' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l context -d 'The context of the build cluster; without it the current context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l apply -d 'Apply it instead of printing it, as apply-supply-chain does'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l no-wait -d 'Do not wait until the chains are Ready'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l allow-selector-conflict -d 'Go on although a Workload would match several chains equally well, and stop'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l allow-missing-templates -d 'Go on although templates of a chain do not exist; it is not waited for then'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -l allow-unpaused -d 'Go on although an object belongs to a PackageInstall or App that is not paused, and that takes the change back'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -s y -l yes -d 'Do not ask before changing something'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand scaffold; and __fish_seen_subcommand_from prebuilt-image" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand handover" -l run -d 'The registration of the run cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand handover" -l registration-namespace -d 'The namespace of the registration\'s Secret on the build cluster; without it that of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand handover" -l run-namespace -d 'The namespace on the run cluster; without it the Deliverable\'s own, if it is one of the registration\'s run namespaces, else the only one of them' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand handover" -s n -l namespace -d 'The namespace of the Workload on the build cluster; without it that of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand handover" -l run-as -d 'Act as this user on the run cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand handover" -l run-as-group -d 'Act as a member of this group on the run cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand handover" -l context -d 'The context of the build cluster; without it the current context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand handover" -l as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand handover" -l as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand handover" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand handover" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand handover" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand handover" -l dry-run -d 'Show what would be done: \'client\' asks the clusters nothing that could change them, \'server\' lets them check every object' -r -f -a "none\t'Changes are made'
client\t'The plan is shown; nothing is sent that could change something'
server\t'Every object is sent as a server-side dry run; no token is ever asked for'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand handover" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand handover" -l run-context -d 'Your context for the run cluster; without it the one that leads there' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand handover" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand handover" -l force -d 'Take over fields of the Deliverable that somebody else set there'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand handover" -s y -l yes -d 'Do not ask before changing something'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand handover" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and not __fish_seen_subcommand_from carvel-app flux" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and not __fish_seen_subcommand_from carvel-app flux" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and not __fish_seen_subcommand_from carvel-app flux" -f -a "carvel-app" -d 'With kapp-controller: an App for each run cluster'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and not __fish_seen_subcommand_from carvel-app flux" -f -a "flux" -d 'With Flux: a source, and two Kustomizations for each run cluster'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l run -d 'The registrations to deliver to (comma-separated, repeatable). The package has a folder for each of them, of the same name; write RUN=FOLDER where that folder has another name' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l profile -d 'With --on-run-cluster: what the ServiceAccount may do that is made there (repeatable); without it \'packages\', or with --deliverables \'deliverable\'' -r -f -a "deliverable\t'Cartographer Deliverables and ConfigMaps'
packages\t'Carvel Packages, PackageInstalls and ConfigMaps'
package-values\t'Secrets, for values of packages: whoever writes Secrets can forge tokens'
workload\t'Deployments, Services, Ingresses and ConfigMaps'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -s n -l namespace -d 'The namespace of the kubeconfig Secrets, where the reader\'s objects go as well: a reader takes no Secret of another namespace. Without it the namespace of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l path -d 'The folder of the repository that holds the folder of the package. Without it that is the root' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l run-namespace -d 'Where the content goes that names no namespace; without it the run namespace of each registration, and with --on-run-cluster the namespace of the reader' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l name -d 'Another name for the delivery, from which its objects are named' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l working-tree -d 'A working tree of the repository: what is in its folders is compared with what the reader may write' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l decryption-secret -d 'The Secret with the private keys, where the repository is encrypted with SOPS' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l parallel -d 'How many run clusters are worked on at a time; one that does not answer gives its place to the next' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l git-url -d 'The address of the Git repository' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l git-ref -d 'What of it is delivered: a branch, refs/tags/TAG, a commit, semver:CONSTRAINTS' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l git-secret -d 'A Secret of the namespace that holds the credentials of the repository' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l git-credentials-file -d 'A file with the credentials, as git credential-store writes it: https://USER:TOKEN@HOST' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l git-credentials-env -d 'The environment variable with the credentials: USER:TOKEN, or an access token alone' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l git-ssh-key -d 'A file with the private key, for an address of SSH' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l git-known-hosts -d 'A file with the server\'s public keys, as ssh-keyscan prints them' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l sync-period -d 'How often kapp-controller syncs; at least 30s' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l into-ns -d 'Put everything into this namespace; without it the run namespace' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l service-account -d 'With --on-run-cluster: the App deploys as this ServiceAccount of its namespace. Without it one is made' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l context -d 'The context of the build cluster; without it the current context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l wait-timeout -d 'How long to wait for what a controller must finish, such as a namespace that is going' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l dry-run -d 'Show what would be done: \'client\' asks the clusters nothing that could change them, \'server\' lets them check every object' -r -f -a "none\t'Changes are made'
client\t'The plan is shown; nothing is sent that could change something'
server\t'Every object is sent as a server-side dry run; no token is ever asked for'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l run-context -d 'Your context for the run cluster; without it the one that leads to the registration\'s cluster. With a pattern such as \'prod-*\' those registrations are meant to whose run cluster a matching context leads, by that one' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l run-as -d 'Act as this user on the run cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l run-as-group -d 'Act as a member of this group on the run cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l deliverables -d 'Deliver the Deliverables in the repository instead of a package'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l all -d 'To all registrations of the namespace'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l on-run-cluster -d 'Without a build cluster: the reader stands on the run cluster of --run-context, and delivers there as a ServiceAccount. --run gives the run cluster its name'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l adopt -d 'Take over objects of others that have the names of this delivery\'s'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l export -d 'Print the objects instead of applying them'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -l no-wait -d 'Do not wait until the reader has delivered'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -s y -l yes -d 'Do not ask before changing something'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from carvel-app" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l run -d 'The registrations to deliver to (comma-separated, repeatable). The package has a folder for each of them, of the same name; write RUN=FOLDER where that folder has another name' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l profile -d 'With --on-run-cluster: what the ServiceAccount may do that is made there (repeatable); without it \'packages\', or with --deliverables \'deliverable\'' -r -f -a "deliverable\t'Cartographer Deliverables and ConfigMaps'
packages\t'Carvel Packages, PackageInstalls and ConfigMaps'
package-values\t'Secrets, for values of packages: whoever writes Secrets can forge tokens'
workload\t'Deployments, Services, Ingresses and ConfigMaps'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -s n -l namespace -d 'The namespace of the kubeconfig Secrets, where the reader\'s objects go as well: a reader takes no Secret of another namespace. Without it the namespace of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l path -d 'The folder of the repository that holds the folder of the package. Without it that is the root' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l run-namespace -d 'Where the content goes that names no namespace; without it the run namespace of each registration, and with --on-run-cluster the namespace of the reader' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l name -d 'Another name for the delivery, from which its objects are named' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l working-tree -d 'A working tree of the repository: what is in its folders is compared with what the reader may write' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l decryption-secret -d 'The Secret with the private keys, where the repository is encrypted with SOPS' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l parallel -d 'How many run clusters are worked on at a time; one that does not answer gives its place to the next' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l git-url -d 'The address of the source: of the Git repository, of the artifact (oci://…), or of the object store' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l git-ref -d 'What of it is delivered: a branch, refs/tags/TAG, a commit, semver:CONSTRAINTS; of an artifact a tag, sha256:DIGEST or semver:CONSTRAINTS. Without it the branch main, or the tag latest' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l source-kind -d 'What the source is' -r -f -a "GitRepository\t'A Git repository'
OCIRepository\t'An artifact of an OCI registry'
Bucket\t'A bucket of an object store'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l bucket -d 'The bucket of an object store' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l source -d 'A source of the namespace that is there already: GitRepository/NAME, OCIRepository/NAME or Bucket/NAME' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l git-secret -d 'A Secret of the namespace that holds the credentials of the repository' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l git-credentials-file -d 'A file with the credentials, as git credential-store writes it: https://USER:TOKEN@HOST' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l git-credentials-env -d 'The environment variable with the credentials: USER:TOKEN, or an access token alone' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l git-ssh-key -d 'A file with the private key, for an address of SSH' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l git-known-hosts -d 'A file with the server\'s public keys, as ssh-keyscan prints them' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l source-interval -d 'How often Flux looks at the source' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l interval -d 'How often Flux applies everything' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l api-version -d 'The API version of Flux\'s objects; without it the newest that the build cluster serves' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l service-account -d 'Flux acts as this ServiceAccount on the run cluster, in the namespace that has the name of the Kustomization\'s. The registration must allow it (--impersonate). A ServiceAccount of that name must also be in the namespace of the Kustomization: without one Flux removes nothing when the delivery ends. With --on-run-cluster it is the ServiceAccount of the Kustomization\'s namespace, and without this flag one is made' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l secretless -d 'Have Flux get a credential of its own each time instead of reading the kubeconfig Secret; the run cluster must trust the build cluster\'s issuer. Without a PROVIDER \'generic\'' -r -f -a "generic\t'The issuer of the build cluster'
aws\t'Amazon\'s identity service'
azure\t'Microsoft\'s'
gcp\t'Google\'s'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l secretless-account -d 'The ServiceAccount on the build cluster whose identity that is; without it Flux\'s own' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l secretless-audience -d 'The audience that the run cluster expects; without it its address' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l secretless-cluster -d 'The run cluster as its provider knows it, such as arn:aws:eks:REGION:ACCOUNT:cluster/NAME; aws always needs it' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l context -d 'The context of the build cluster; without it the current context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l wait-timeout -d 'How long to wait for what a controller must finish, such as a namespace that is going' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l dry-run -d 'Show what would be done: \'client\' asks the clusters nothing that could change them, \'server\' lets them check every object' -r -f -a "none\t'Changes are made'
client\t'The plan is shown; nothing is sent that could change something'
server\t'Every object is sent as a server-side dry run; no token is ever asked for'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l run-context -d 'Your context for the run cluster; without it the one that leads to the registration\'s cluster. With a pattern such as \'prod-*\' those registrations are meant to whose run cluster a matching context leads, by that one' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l run-as -d 'Act as this user on the run cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l run-as-group -d 'Act as a member of this group on the run cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l all -d 'To all registrations of the namespace'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l on-run-cluster -d 'Without a build cluster: the reader stands on the run cluster of --run-context, and delivers there as a ServiceAccount. --run gives the run cluster its name'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l adopt -d 'Take over objects of others that have the names of this delivery\'s'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l export -d 'Print the objects instead of applying them'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -l no-wait -d 'Do not wait until the reader has delivered'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -s y -l yes -d 'Do not ask before changing something'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand deliver; and __fish_seen_subcommand_from flux" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand delivery-status" -s n -l namespace -d 'The namespace of the kubeconfig Secrets; without it the namespace of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand delivery-status" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'A table with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
tree\t'A tree: the build cluster, its run clusters, their packages'
mermaid\t'The tree as a Mermaid flowchart'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand delivery-status" -l context -d 'The context of the build cluster; without it the current context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand delivery-status" -l as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand delivery-status" -l as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand delivery-status" -l run-context -d 'Your context for the run cluster; without it the one that leads to the registration\'s cluster. With a pattern such as \'prod-*\' those registrations are meant to whose run cluster a matching context leads, by that one' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand delivery-status" -l run-as -d 'Act as this user on the run cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand delivery-status" -l run-as-group -d 'Act as a member of this group on the run cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand delivery-status" -l parallel -d 'How many run clusters are worked on at a time; one that does not answer gives its place to the next' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand delivery-status" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand delivery-status" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand delivery-status" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand delivery-status" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand delivery-status" -s A -l all-namespaces -d 'In all namespaces of the build cluster'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand delivery-status" -l on-run-cluster -d 'What readers on the run cluster of --run-context deliver to it themselves, in the namespace of -n: no registration is looked at'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand delivery-status" -l exit-code -d 'End with exit code 7 if a delivery is not fine'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand delivery-status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand check" -s n -l namespace -d 'The namespace of the kubeconfig Secrets; without it the namespace of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand check" -l for -d 'The way in which is delivered (repeatable); without it both' -r -f -a "carvel-app\t'By an App of kapp-controller'
flux\t'By Kustomizations of Flux'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand check" -l context -d 'The context of the build cluster; without it the current context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand check" -l as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand check" -l as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand check" -l run-context -d 'Your context for the run cluster; without it the one that leads to the registration\'s cluster. With a pattern such as \'prod-*\' those registrations are meant to whose run cluster a matching context leads, by that one' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand check" -l run-as -d 'Act as this user on the run cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand check" -l run-as-group -d 'Act as a member of this group on the run cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand check" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand check" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand check" -l parallel -d 'How many run clusters are worked on at a time; one that does not answer gives its place to the next' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand check" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand check" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand check" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand check" -s A -l all-namespaces -d 'In all namespaces of the build cluster'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand check" -l deliverables -d 'For Deliverables instead of packages'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand check" -l on-run-cluster -d 'For a reader on the run cluster of --run-context itself, in the namespace of -n: no registration is looked at'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand lint" -l for -d 'Only for these readers (repeatable, or separated by commas); without it for all that could read it' -r -f -a "kubeconfig\t''
carvel\t''
kapp-controller\t''
flux\t''
argocd\t''
argo-cd\t''
cluster-api\t''
capi\t''
istio\t''
karmada\t''
sveltos\t''
admiralty\t''
multicluster-runtime\t''
cluster-profile\t''
cluster-inventory-api\t''
fleet\t''
crossplane\t''
capact\t''
argo-mck\t''
mck\t''
tap-gui\t''
backstage\t''
tensile-kube\t''
liqo\t''"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand lint" -s n -l namespace -d 'The namespace of the Secrets; without it the namespace of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand lint" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'A table with every reader and the whole of each message'
json\t'One JSON document'
yaml\t'One YAML document'
sarif\t'SARIF 2.1.0, for code scanners'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand lint" -l context -d 'The context of the build cluster; without it the current context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand lint" -l as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand lint" -l as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand lint" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand lint" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand lint" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand lint" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand lint" -s A -l all-namespaces -d 'In all namespaces of the cluster'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand lint" -l allow-loopback-server -d 'Loopback addresses are meant, as on a test machine'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand lint" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -s n -l namespace -d 'The namespace of that Secret; without it that of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l former-key -d 'The data key of the kubeconfig, where the Secret holds several' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l former-context -d 'The context of the kubeconfig, where it holds several' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l name -d 'The name of the registration; without it what the former credential is called' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l registration-namespace -d 'The namespace of the registration\'s Secret; without it that of the former one' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l secret-name -d 'The name of the registration\'s Secret: that of the former one is taken over, any other one is made beside it' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l run-namespace -d 'A namespace on the run cluster to deliver to (repeatable); without it the namespace of the run context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l profile -d 'What the credential may do in each run namespace (repeatable); without it \'deliverable\', whatever the former one may' -r -f -a "deliverable\t'Cartographer Deliverables and ConfigMaps'
packages\t'Carvel Packages, PackageInstalls and ConfigMaps'
package-values\t'Secrets, for values of packages: whoever writes Secrets can forge tokens, see --guard'
workload\t'Deployments, Services, Ingresses and ConfigMaps'
flux-impersonate\t'Impersonate one ServiceAccount, named by --impersonate'
view\t'Read everything but Secrets in the whole cluster (needs --allow-broad-rules)'
watch\t'Watch what the rest grants'
istio\t'What istiod reads of a remote cluster, its Secrets too (needs --allow-broad-rules)'
karmada\t'The nodes and Pods that Karmada reads (needs --allow-broad-rules)'
admiralty\t'What Admiralty does in a target cluster (needs --allow-broad-rules)'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l rules -d 'A YAML file with PolicyRules of your own: a list or a Role, granted in each run namespace; a ClusterRole, granted in the whole run cluster (needs --allow-broad-rules)' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l impersonate -d 'The ServiceAccount that the profile flux-impersonate may act as' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l account-namespace -d 'The namespace of the account on the run cluster; without it tapmc-NAME' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l duration -d 'How long the token lives: units s, m, h, d; at least 10m (default 30d)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l run-server -d 'The address of the run cluster\'s API server as the reader reaches it; without it that of the run context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l run-certificate-authority -d 'The CA of that address, a PEM file' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l run-proxy-url -d 'The proxy on the reader\'s way to that address' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l run-as -d 'Act as this user on the run cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l run-as-group -d 'Act as a member of this group on the run cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l context -d 'The context of the build cluster; without it the current context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l wait-timeout -d 'How long to wait for what a controller must finish, such as a namespace that is going' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l dry-run -d 'Show what would be done: \'client\' asks the clusters nothing that could change them, \'server\' lets them check every object' -r -f -a "none\t'Changes are made'
client\t'The plan is shown; nothing is sent that could change something'
server\t'Every object is sent as a server-side dry run; no token is ever asked for'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l run-context -d 'Your context for the run cluster; without it the one that leads there' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l remove-former -d 'Remove the former credential once the new one is proven and stored: the Secret, and the ServiceAccount with its bindings, token Secret and Roles, as far as nobody else uses them'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l create-namespace -d 'Make the namespaces (on the build cluster and on the run cluster) that do not exist'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l allow-broad-rules -d 'Allow rules that reach further than a delivery needs: wildcards, escalate, bind, impersonate, and what reaches the whole cluster'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l guard -d 'Also apply a ValidatingAdmissionPolicy that lets the account write no Secret of type service-account-token (Kubernetes 1.30 or newer)'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l adopt -d 'Take over objects of our names that this registration did not make'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l allow-loopback-server -d 'Allow a loopback or link-local address, which a reader in a cluster can rarely reach'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -l allow-same-cluster -d 'Allow the build cluster to be the run cluster'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -s y -l yes -d 'Do not ask before changing something'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undeliver" -l run -d 'To these registrations (comma-separated, repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undeliver" -s n -l namespace -d 'The namespace of the reader\'s objects; without it the namespace of the context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undeliver" -l run-as-group -d 'Act as a member of this group on the run cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undeliver" -l context -d 'The context of the build cluster; without it the current context' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undeliver" -l as -d 'Act as this user on the build cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undeliver" -l as-group -d 'Act as a member of this group on the build cluster (repeatable)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undeliver" -l kubeconfig -d 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config' -r -F
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undeliver" -l request-timeout -d 'How long a single request may take (0: as long as --timeout)' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undeliver" -l timeout -d 'How long all requests to one cluster may take' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undeliver" -l wait-timeout -d 'How long to wait for what a controller must finish, such as a namespace that is going' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undeliver" -l dry-run -d 'Show what would be done: \'client\' asks the clusters nothing that could change them, \'server\' lets them check every object' -r -f -a "none\t'Changes are made'
client\t'The plan is shown; nothing is sent that could change something'
server\t'Every object is sent as a server-side dry run; no token is ever asked for'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undeliver" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undeliver" -l run-context -d 'With --on-run-cluster: the context of the run cluster; asked for on a terminal' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undeliver" -l run-as -d 'With --on-run-cluster: act as this user on the run cluster' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undeliver" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undeliver" -l all -d 'To every registration'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undeliver" -l on-run-cluster -d 'What was delivered with --on-run-cluster, from the run cluster of --run-context; with the ServiceAccount and its rights, where these were made for it'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undeliver" -l leave-behind -d 'Leave on the run clusters what was delivered: for run clusters that are gone, or content that another reader takes over'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undeliver" -s y -l yes -d 'Do not ask before changing something'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand undeliver" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand version" -s o -l output -d 'The form of the result on stdout' -r -f -a "wide\t'The same with more columns'
json\t'One JSON document'
yaml\t'One YAML document'
name\t'The names of the objects alone'"
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand version" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand version" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand completion" -s v -l v -d 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request' -r
complete -c kubectl-tapmc -n "__fish_kubectl_tapmc_using_subcommand completion" -s h -l help -d 'Print help (see more with \'--help\')'
