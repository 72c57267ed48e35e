//! From what was typed, and the Secret that was named, to the registration that is asked for.

use crate::{
    cli::import::ImportArgs,
    cluster::{ObservedSecret, kubeconfig::LocalKubeconfig},
    commands::{
        build_cluster::BuildCluster,
        import::is_in_place,
        lint,
        register_run_cluster::{grants, read_certificates},
        registering::Contexts,
        run_cluster::by_address,
    },
    error::{Error, Result},
    former::{self, Former, Picked, Placement, share_a_certificate},
    lint::SecretSubject,
    output::Printer,
    registration::{
        Asked, Registration, default_secret_name,
        kubeconfig::{proxy_address, server_address},
        names::{Name, ObjectRef, is_dns_subdomain},
    },
    words,
};

/// What is imported, from where to where.
pub(super) struct Resolved {
    /// The former credential.
    pub former: Former,
    /// The Secret as `lint` looks at it.
    pub subject: SecretSubject,
    /// The Secret's metadata.
    pub object: serde_json::Value,
    /// Both contexts.
    pub contexts: Contexts,
    /// Where the registration goes.
    pub placement: Placement,
    /// The registration that is asked for.
    pub asked: Asked,
    /// The same as it will be, if nothing of it is recorded.
    pub guess: Registration,
}

impl Resolved {
    /// Decides it.
    pub(super) fn new(
        args: &ImportArgs,
        found: ObservedSecret,
        build: &BuildCluster,
        printer: Printer,
    ) -> Result<Self> {
        let (object, uid) = (found.facts.body.clone(), found.facts.uid.clone());
        let subject = lint::subject(found);
        let picked = Picked {
            key: args.former_key.as_deref(),
            context: args.former_context.as_deref(),
            name: args.name.as_deref(),
        };
        let former = former::read(&subject, picked)?;
        let contexts = contexts(args, &former, build, printer)?;
        let name = name(args, &former, &contexts.run)?;
        let namespace = args.registration_namespace.clone().unwrap_or_else(|| former.secret.namespace.clone());
        let placement = placement(args, &former, &namespace, former::placement(&former, &subject, &object))?;
        let mut asked = asked(args, name, namespace, &build.kubeconfig, &contexts.run)?;
        if is_in_place(&placement) {
            asked.secret_name = Some(former.secret.name.clone());
            asked.replaces = Some(uid);
        } else if asked.secret_name.is_none()
            && former.secret == ObjectRef::new(&asked.namespace, default_secret_name(&asked.name))
        {
            // The name that it would have is taken by the former one.
            asked.secret_name = Some(format!("{}-delivery-kubeconfig", asked.name));
        }
        let guess = Registration::resolve(&asked, None)?;
        Ok(Self { former, subject, object, contexts, placement, asked, guess })
    }
}

/// The Secret that was typed: `NAME` or `secret/NAME`.
pub(super) fn secret_name(typed: &str) -> Result<&str> {
    let name = typed.strip_prefix("secrets/").or_else(|| typed.strip_prefix("secret/")).unwrap_or(typed);
    if is_dns_subdomain(name) {
        return Ok(name);
    }
    Err(Error::usage(format_args!("'{}' is not the name of a Secret", typed.escape_debug()))
        .hint("name it as NAME or secret/NAME, and its namespace with -n"))
}

/// Both contexts; that of the run cluster is the one with the address or the CA of the former credential.
fn contexts(args: &ImportArgs, former: &Former, build: &BuildCluster, printer: Printer) -> Result<Contexts> {
    let local = &build.kubeconfig;
    let run = if let Some(typed) = &args.run_cluster.run_context {
        local.context(typed).map(|_| typed.clone())?
    } else {
        let mut found = former.server.as_ref().map(|server| by_address(local, server)).unwrap_or_default();
        if found.is_empty() {
            found = by_authority(local, former);
        }
        match found.as_slice() {
            [] => return Err(no_context(former)),
            [only] => only.clone(),
            several => printer.choose("the context of the run cluster", "--run-context", several)?,
        }
    };
    let contexts = Contexts { build: build.context.clone(), run };
    if contexts.build == contexts.run && !args.allow_same_cluster {
        return Err(Error::usage(format_args!(
            "the former credential in {} is of the build cluster itself (context '{}')",
            former.secret, contexts.build
        ))
        .hint("name the run cluster with --run-context, or add --allow-same-cluster if that is what you want"));
    }
    Ok(contexts)
}

fn by_authority(local: &LocalKubeconfig, former: &Former) -> Vec<String> {
    let Some(authority) = &former.certificate_authority else { return Vec::new() };
    let mut names = local.context_names();
    names.retain(|name| {
        let own = local.endpoint(name).ok().and_then(|endpoint| endpoint.certificate_authority);
        own.is_some_and(|own| share_a_certificate(&own, authority))
    });
    names
}

fn no_context(former: &Former) -> Error {
    let known = match &former.server {
        Some(server) => format!("the address {server}"),
        None => "the certificate authority".to_owned(),
    };
    Error::usage(format_args!("no context of the kubeconfig has {known} of the former credential in {}", former.secret))
        .hint("name your own context for its run cluster with --run-context; the former credential is never used for this")
}

/// The name that was typed, else what the former credential is called.
fn name(args: &ImportArgs, former: &Former, run: &str) -> Result<Name> {
    if let Some(typed) = &args.name {
        return Name::parse(typed);
    }
    let of_secret = former.secret.name.trim_start_matches("kubeconfig").trim_end_matches("kubeconfig");
    let called = former.called.as_deref().unwrap_or(of_secret);
    Name::from_context(called).or_else(|_| Name::from_context(run))
}

/// Where it goes, as far as that was typed.
fn placement(args: &ImportArgs, former: &Former, namespace: &str, possible: Placement) -> Result<Placement> {
    let elsewhere = namespace != former.secret.namespace;
    match (&args.secret_name, possible) {
        (Some(typed), Placement::Beside(why)) if *typed == former.secret.name && !elsewhere => {
            Err(Error::conflict(format_args!(
                "the registration cannot take the place of the Secret {}: {}",
                former.secret,
                words::list(why)
            ))
            .hint("leave --secret-name out to have one made beside it"))
        }
        (_, Placement::InPlace) if elsewhere => {
            Ok(Placement::Beside(vec![format!("--registration-namespace {namespace}")]))
        }
        (Some(typed), Placement::InPlace) if *typed != former.secret.name => {
            Ok(Placement::Beside(vec![format!("--secret-name {typed}")]))
        }
        (_, possible) => Ok(possible),
    }
}

fn asked(args: &ImportArgs, name: Name, namespace: String, local: &LocalKubeconfig, run: &str) -> Result<Asked> {
    let proxy = |url: &String| proxy_address(url, "--run-proxy-url");
    Ok(Asked {
        must_be_recorded: false,
        secret_name: args.secret_name.clone(),
        run_namespaces: (!args.run_namespace.is_empty()).then(|| args.run_namespace.clone()),
        default_run_namespaces: vec![local.namespace(run)?],
        create_namespace: args.create_namespace,
        grants: grants(&args.profile, args.rules.as_deref(), args.impersonate.as_deref())?,
        allow_broad_rules: args.allow_broad_rules,
        account_namespace: args.account_namespace.clone(),
        guard: args.guard,
        adopt: args.adopt,
        duration: args.duration,
        run_server: args.run_server.as_deref().map(|url| server_address(url, "--run-server")).transpose()?,
        run_certificate_authority: args.run_certificate_authority.as_deref().map(read_certificates).transpose()?,
        run_proxy_url: args.run_proxy_url.as_ref().map(proxy).transpose()?,
        allow_loopback_server: args.allow_loopback_server,
        allow_same_cluster: args.allow_same_cluster,
        ..Asked::as_recorded(name, namespace, local.endpoint(run)?)
    })
}
