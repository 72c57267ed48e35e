//! What Flux reads instead of a kubeconfig Secret: what can be typed for it, and for which run clusters it
//! will do.

use crate::{
    cli::deliver::flux::{FluxArgs, Provider},
    commands::deliver::targets::Target,
    delivery::flux::Secretless,
    error::{Error, Result},
    registration::kubeconfig::Endpoint,
};

/// Decides; none where the Secret is read.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) for a run cluster that its provider could not find.
pub(super) fn resolve(args: &FluxArgs) -> Result<Option<Secretless>> {
    let Some(provider) = args.secretless else { return Ok(None) };
    if args.delivery.on_run_cluster {
        return Err(Error::usage(
            "--secretless is for another cluster than Flux's own, and with --on-run-cluster there is none",
        )
        .hint("leave it out: Flux acts as a ServiceAccount there"));
    }
    let cluster = args.secretless_cluster.as_deref();
    if cluster.is_some() && args.delivery.run.len() > 1 {
        return Err(several());
    }
    let is_arn = |cluster: &str| cluster.starts_with("arn:") && cluster.contains(":cluster/");
    match (provider, cluster) {
        (Provider::Aws, None) => {
            return Err(Error::usage(
                "--secretless=aws needs --secretless-cluster: AWS gives tokens for a cluster that it knows by its ARN",
            )
            .hint("--secretless-cluster arn:aws:eks:REGION:ACCOUNT:cluster/NAME"));
        }
        (Provider::Aws, Some(cluster)) if !is_arn(cluster) => {
            return Err(Error::usage(format_args!(
                "--secretless-cluster '{}' is no ARN of a cluster",
                cluster.escape_debug()
            ))
            .hint("arn:aws:eks:REGION:ACCOUNT:cluster/NAME"));
        }
        (Provider::Generic, Some(_)) => {
            return Err(Error::usage(
                "--secretless-cluster is for a provider that knows clusters, and 'generic' knows none",
            )
            .hint("name the provider: --secretless=aws, azure or gcp; or leave --secretless-cluster out"));
        }
        _ => {}
    }
    let provider = match provider {
        Provider::Generic => "generic",
        Provider::Aws => "aws",
        Provider::Azure => "azure",
        Provider::Gcp => "gcp",
    };
    Ok(Some(Secretless {
        provider: provider.to_owned(),
        service_account: args.secretless_account.clone(),
        audience: args.secretless_audience.clone(),
        cluster: args.secretless_cluster.clone(),
    }))
}

/// The run clusters that Flux can reach without the Secret; the others fail, each with the reason: the
/// ConfigMap has keys for the address and its CA, and none for what else may be on the way (fluxcd/pkg `auth`).
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) where one cluster is named for several.
pub(super) fn reachable(
    targets: Vec<Target>,
    secretless: Option<&Secretless>,
    failed: &mut Vec<(String, Error)>,
) -> Result<Vec<Target>> {
    let Some(secretless) = secretless else { return Ok(targets) };
    if secretless.cluster.is_some() && targets.len() > 1 {
        return Err(several());
    }
    let mut good = Vec::new();
    for target in targets {
        let stored = target.registered.as_ref().and_then(|registered| registered.secret.stored.as_ref().ok());
        match stored.and_then(|stored| lacks(&target.destination.run, &stored.endpoint, secretless)) {
            None => good.push(target),
            Some(error) => failed.push((target.destination.run, error)),
        }
    }
    Ok(good)
}

fn lacks(name: &str, endpoint: &Endpoint, secretless: &Secretless) -> Option<Error> {
    let on_the_way = endpoint.tls_server_name.as_ref().map(|_| "a tls-server-name");
    if let Some(what) = on_the_way.or(endpoint.proxy_url.as_ref().map(|_| "a proxy-url")) {
        return Some(
            Error::usage(format_args!(
                "the kubeconfig of '{name}' has {what}, which Flux takes from a kubeconfig Secret alone"
            ))
            .hint("leave --secretless out, or register the run cluster under an address that needs none"),
        );
    }
    let asks_provider = secretless.provider != "generic";
    let needs_cluster = asks_provider && secretless.cluster.is_none() && endpoint.certificate_authority.is_none();
    needs_cluster.then(|| {
        Error::usage(format_args!(
            "the kubeconfig of '{name}' has no certificate authority, and without one Flux asks the provider '{}' for it",
            secretless.provider
        ))
        .hint("name the run cluster as the provider knows it: --secretless-cluster RESOURCE")
    })
}

fn several() -> Error {
    Error::usage("--secretless-cluster names one run cluster, and several are delivered to")
        .hint("deliver to each of them on its own: --run NAME --secretless-cluster RESOURCE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_flux_could_not_reach_without_the_secret() {
        let direct = Endpoint {
            server: "https://run.example.com".into(),
            certificate_authority: Some(b"pem".to_vec()),
            tls_server_name: None,
            proxy_url: None,
        };
        let by = |provider: &str, cluster: Option<&str>| Secretless {
            provider: provider.into(),
            service_account: None,
            audience: None,
            cluster: cluster.map(str::to_owned),
        };
        let why = |endpoint: &Endpoint, how: &Secretless| lacks("run-a", endpoint, how).map(|error| error.to_string());
        assert_eq!(why(&direct, &by("generic", None)), None);
        let renamed = Endpoint { tls_server_name: Some("other".into()), ..direct.clone() };
        assert!(why(&renamed, &by("generic", None)).unwrap().contains("has a tls-server-name"));
        let behind = Endpoint { proxy_url: Some("http://proxy".into()), ..direct.clone() };
        assert!(why(&behind, &by("aws", Some("arn"))).unwrap().contains("has a proxy-url"));
        let trusted = Endpoint { certificate_authority: None, ..direct };
        assert_eq!(why(&trusted, &by("generic", None)), None);
        assert!(why(&trusted, &by("gcp", None)).unwrap().contains("has no certificate authority"));
        assert_eq!(why(&trusted, &by("gcp", Some("x"))), None);
    }
}
