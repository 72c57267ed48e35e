
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'kubectl-tapmc' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'kubectl-tapmc'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'kubectl-tapmc' {
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request')
            [CompletionResult]::new('--v', '--v', [CompletionResultType]::ParameterName, 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('register-run-cluster', 'register-run-cluster', [CompletionResultType]::ParameterValue, 'Make the credential for a run cluster and store it, proven, on the build cluster')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show the registrations that a build cluster holds')
            [CompletionResult]::new('pause-supply-chain', 'pause-supply-chain', [CompletionResultType]::ParameterValue, 'Have controllers leave the supply chain alone, so that it can be changed')
            [CompletionResult]::new('resume-supply-chain', 'resume-supply-chain', [CompletionResultType]::ParameterValue, 'Let controllers go on with what was paused')
            [CompletionResult]::new('supply-chain-status', 'supply-chain-status', [CompletionResultType]::ParameterValue, 'Show what is paused, the supply chains, their Workloads and what was stamped for these')
            [CompletionResult]::new('version', 'version', [CompletionResultType]::ParameterValue, 'Print the version of this plugin')
            [CompletionResult]::new('completion', 'completion', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell, or of kubectl')
            break
        }
        'kubectl-tapmc;register-run-cluster' {
            [CompletionResult]::new('--build-context', '--build-context', [CompletionResultType]::ParameterName, 'The context of the build cluster; asked for on a terminal')
            [CompletionResult]::new('--run-context', '--run-context', [CompletionResultType]::ParameterName, 'The context of the run cluster; asked for on a terminal')
            [CompletionResult]::new('--build-as', '--build-as', [CompletionResultType]::ParameterName, 'Act as this user on the build cluster')
            [CompletionResult]::new('--build-as-group', '--build-as-group', [CompletionResultType]::ParameterName, 'Act as a member of this group on the build cluster (repeatable)')
            [CompletionResult]::new('--run-as', '--run-as', [CompletionResultType]::ParameterName, 'Act as this user on the run cluster')
            [CompletionResult]::new('--run-as-group', '--run-as-group', [CompletionResultType]::ParameterName, 'Act as a member of this group on the run cluster (repeatable)')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'The name of the registration; without it the last part of the run context''s name')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The namespace on the build cluster where the reader (kapp-controller, Flux, …) finds the kubeconfig Secret; without it the namespace of the build context')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The namespace on the build cluster where the reader (kapp-controller, Flux, …) finds the kubeconfig Secret; without it the namespace of the build context')
            [CompletionResult]::new('--run-namespace', '--run-namespace', [CompletionResultType]::ParameterName, 'A namespace on the run cluster to deliver to (repeatable); without it the namespace of the run context')
            [CompletionResult]::new('--secret-name', '--secret-name', [CompletionResultType]::ParameterName, 'The name of the kubeconfig Secret on the build cluster; without it NAME-kubeconfig')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'What the credential may do in each run namespace (repeatable); without it ''deliverable''')
            [CompletionResult]::new('--rules', '--rules', [CompletionResultType]::ParameterName, 'A YAML file with PolicyRules of your own, granted in each run namespace')
            [CompletionResult]::new('--impersonate', '--impersonate', [CompletionResultType]::ParameterName, 'The ServiceAccount that the profile flux-impersonate may act as')
            [CompletionResult]::new('--account-namespace', '--account-namespace', [CompletionResultType]::ParameterName, 'The namespace of the account on the run cluster; without it tapmc-NAME')
            [CompletionResult]::new('--service-account', '--service-account', [CompletionResultType]::ParameterName, 'Use this ServiceAccount of your own: no RBAC is touched, markers live beside it')
            [CompletionResult]::new('--duration', '--duration', [CompletionResultType]::ParameterName, 'How long the token lives: units s, m, h, d; at least 10m (default 30d)')
            [CompletionResult]::new('--run-server', '--run-server', [CompletionResultType]::ParameterName, 'The address of the run cluster''s API server as the reader reaches it')
            [CompletionResult]::new('--run-certificate-authority', '--run-certificate-authority', [CompletionResultType]::ParameterName, 'The CA of that address, a PEM file')
            [CompletionResult]::new('--run-proxy-url', '--run-proxy-url', [CompletionResultType]::ParameterName, 'The proxy on the reader''s way to that address')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long a single request may take (0: as long as --timeout)')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long all requests to one cluster may take')
            [CompletionResult]::new('--wait-timeout', '--wait-timeout', [CompletionResultType]::ParameterName, 'How long to wait for what a controller must finish, such as a namespace that is going')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what would be done: ''client'' asks the clusters nothing that could change them, ''server'' lets them check every object')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The form of the result on stdout')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The form of the result on stdout')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request')
            [CompletionResult]::new('--v', '--v', [CompletionResultType]::ParameterName, 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request')
            [CompletionResult]::new('--create-namespace', '--create-namespace', [CompletionResultType]::ParameterName, 'Make the namespaces (on the build cluster and on the run cluster) that do not exist')
            [CompletionResult]::new('--allow-broad-rules', '--allow-broad-rules', [CompletionResultType]::ParameterName, 'Allow rules that reach further than a delivery needs: wildcards, escalate, bind, impersonate, and the cluster-wide profile ''view''')
            [CompletionResult]::new('--guard', '--guard', [CompletionResultType]::ParameterName, 'Also apply a ValidatingAdmissionPolicy that lets the account write no Secret of type service-account-token (Kubernetes 1.30 or newer)')
            [CompletionResult]::new('--adopt', '--adopt', [CompletionResultType]::ParameterName, 'Take over objects of our names that this registration did not make')
            [CompletionResult]::new('--rotate', '--rotate', [CompletionResultType]::ParameterName, 'Issue a new token although the stored one is still good; a running deploy may use the former one for 20 minutes, then the next run ends it')
            [CompletionResult]::new('--allow-loopback-server', '--allow-loopback-server', [CompletionResultType]::ParameterName, 'Allow a loopback or link-local address, which a reader in a cluster can rarely reach')
            [CompletionResult]::new('--allow-same-cluster', '--allow-same-cluster', [CompletionResultType]::ParameterName, 'Allow the build cluster to be the run cluster')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before changing something')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before changing something')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kubectl-tapmc;status' {
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'The namespace of the kubeconfig Secrets; without it the namespace of the context')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'The namespace of the kubeconfig Secrets; without it the namespace of the context')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The context of the build cluster; without it the current context')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'Act as this user on the build cluster')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Act as a member of this group on the build cluster (repeatable)')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long a single request may take (0: as long as --timeout)')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long all requests to one cluster may take')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The form of the result on stdout')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The form of the result on stdout')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request')
            [CompletionResult]::new('--v', '--v', [CompletionResultType]::ParameterName, 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request')
            [CompletionResult]::new('-A', '-A ', [CompletionResultType]::ParameterName, 'In all namespaces of the build cluster')
            [CompletionResult]::new('--all-namespaces', '--all-namespaces', [CompletionResultType]::ParameterName, 'In all namespaces of the build cluster')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kubectl-tapmc;pause-supply-chain' {
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'The kind of the objects that are named')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Their namespace; without it tap-install, for Flux kinds the namespace of the context')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Their namespace; without it tap-install, for Flux kinds the namespace of the context')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why, for those who find it paused')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The context of the build cluster; without it the current context')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'Act as this user on the build cluster')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Act as a member of this group on the build cluster (repeatable)')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long a single request may take (0: as long as --timeout)')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long all requests to one cluster may take')
            [CompletionResult]::new('--wait-timeout', '--wait-timeout', [CompletionResultType]::ParameterName, 'How long to wait for what a controller must finish, such as a namespace that is going')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what would be done: ''client'' asks the clusters nothing that could change them, ''server'' lets them check every object')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The form of the result on stdout')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The form of the result on stdout')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request')
            [CompletionResult]::new('--v', '--v', [CompletionResultType]::ParameterName, 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before changing something')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before changing something')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kubectl-tapmc;resume-supply-chain' {
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'The kind of the objects that are named')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Their namespace; without it tap-install, for Flux kinds the namespace of the context')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Their namespace; without it tap-install, for Flux kinds the namespace of the context')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The context of the build cluster; without it the current context')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'Act as this user on the build cluster')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Act as a member of this group on the build cluster (repeatable)')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long a single request may take (0: as long as --timeout)')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long all requests to one cluster may take')
            [CompletionResult]::new('--wait-timeout', '--wait-timeout', [CompletionResultType]::ParameterName, 'How long to wait for what a controller must finish, such as a namespace that is going')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what would be done: ''client'' asks the clusters nothing that could change them, ''server'' lets them check every object')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The form of the result on stdout')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The form of the result on stdout')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request')
            [CompletionResult]::new('--v', '--v', [CompletionResultType]::ParameterName, 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Also resume what somebody else paused')
            [CompletionResult]::new('--no-wait', '--no-wait', [CompletionResultType]::ParameterName, 'Return as soon as the controllers are told, and do not wait for them')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask before changing something')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before changing something')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kubectl-tapmc;supply-chain-status' {
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Only Workloads of this namespace; without it those of all that may be listed')
            [CompletionResult]::new('--namespace', '--namespace', [CompletionResultType]::ParameterName, 'Only Workloads of this namespace; without it those of all that may be listed')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'The context of the build cluster; without it the current context')
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'Act as this user on the build cluster')
            [CompletionResult]::new('--as-group', '--as-group', [CompletionResultType]::ParameterName, 'Act as a member of this group on the build cluster (repeatable)')
            [CompletionResult]::new('--kubeconfig', '--kubeconfig', [CompletionResultType]::ParameterName, 'The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'How long a single request may take (0: as long as --timeout)')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long all requests to one cluster may take')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The form of the result on stdout')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The form of the result on stdout')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request')
            [CompletionResult]::new('--v', '--v', [CompletionResultType]::ParameterName, 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request')
            [CompletionResult]::new('-A', '-A ', [CompletionResultType]::ParameterName, 'Workloads of all namespaces, and nothing less')
            [CompletionResult]::new('--all-namespaces', '--all-namespaces', [CompletionResultType]::ParameterName, 'Workloads of all namespaces, and nothing less')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kubectl-tapmc;version' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'The form of the result on stdout')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'The form of the result on stdout')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request')
            [CompletionResult]::new('--v', '--v', [CompletionResultType]::ParameterName, 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kubectl-tapmc;completion' {
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request')
            [CompletionResult]::new('--v', '--v', [CompletionResultType]::ParameterName, 'Say what is sent to the clusters: -v 1 names each step, -v 6 each request')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
