//! The reader's own objects, as they are and as they should be.

use crate::{
    cluster::Cluster,
    commands::registering::Registering,
    error::{Error, Result},
    plan::{Change, Op, Side},
    readers::{ObjectForm, Place},
    registration::{
        facts::map,
        form::Export,
        names::Name,
        record::{labels, registration_of},
    },
};

/// What becomes of the reader's own objects: those that are wanted, and those that no longer are.
pub(in crate::commands) async fn changes(
    build: &Cluster,
    registering: &Registering,
    adopt: bool,
) -> Result<Vec<Change>> {
    let registration = registering.registration();
    let Some(export) = &registration.export else { return Ok(Vec::new()) };
    let recorded = registering.run_cluster().recorded();
    let place = Place {
        cluster: export.of.as_str(),
        secret: &registration.secret,
        key: export.kubeconfig_key(),
        endpoint: &registration.endpoint,
        run_cluster_uid: &recorded,
    };
    let mut changes = Vec::new();
    for form in export.objects() {
        changes.push(wanted(build, form, &registration.name, &place, adopt).await?);
    }
    let before = registering.recorded().and_then(|recorded| recorded.export.as_ref());
    let unwanted = before.into_iter().flat_map(Export::objects).filter(|form| {
        let name = form.name();
        !export.objects().iter().any(|wanted| wanted.name() == name)
    });
    for form in unwanted {
        changes.extend(going(build, form, &registration.name, &place).await?);
    }
    Ok(changes)
}

async fn wanted(build: &Cluster, form: &ObjectForm, name: &Name, place: &Place<'_>, adopt: bool) -> Result<Change> {
    let desired = form.manifest(&labels(name), place);
    let observed = build.read_object(&form.kind, desired.namespace.as_deref(), &desired.name).await?;
    let Some(observed) = observed else {
        check_served(build, form).await?;
        return Ok(Change::create(Side::Build, desired));
    };
    let owner = map(&observed["metadata"]["labels"]);
    if !ObjectForm::is_own(&observed, name, place.secret) && !adopt {
        let whose = registration_of(&owner).map_or("somebody else's".to_owned(), |other| {
            format!("of the registration '{}', for another Secret", other.escape_debug())
        });
        return Err(Error::conflict(format_args!("{} is there already and is {whose}", desired.display_name()))
            .hint("take it over with --adopt, or leave it alone with --no-object"));
    }
    Ok(Change::between(Side::Build, desired, Some(&observed)))
}

/// A kind that is not served is told before anything is made.
async fn check_served(build: &Cluster, form: &ObjectForm) -> Result<()> {
    let kinds = build.served_kinds(&form.kind.group, &form.kind.version).await?.unwrap_or_default();
    if kinds.iter().any(|kind| kind.kind == form.kind.kind) {
        return Ok(());
    }
    Err(Error::failed(format_args!(
        "{} does not serve {} ({}): is the reader installed there?",
        build.place(),
        form.name(),
        form.kind.api_version()
    ))
    .hint("install it first; or choose another kind with --kind, or make the Secret alone with --no-object"))
}

/// The deletion of an object of this registration's; none where there is none.
pub(in crate::commands) async fn going(
    build: &Cluster,
    form: &ObjectForm,
    name: &Name,
    place: &Place<'_>,
) -> Result<Option<Change>> {
    let mut manifest = form.manifest(&labels(name), place);
    let observed = build.read_object(&form.kind, manifest.namespace.as_deref(), &manifest.name).await?;
    let observed = observed.filter(|found| ObjectForm::is_own(found, name, place.secret));
    Ok(observed.map(|found| {
        manifest.body = found;
        Change {
            op: Op::Delete,
            ..Change::delete(
                Side::Build,
                manifest,
                "it refers to the Secret that goes; what its controller deployed goes with it",
            )
        }
    }))
}
