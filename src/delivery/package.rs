//! Packages, as kapp-controller serves them or files hold them, and which of them is meant.

use semver::Version;
use serde_json::Value;

use super::version_constraint::Constraint;
use crate::{
    error::{Error, Result},
    kind::ApiKind,
    registration::names::is_dns_subdomain,
    words,
};

/// kapp-controller's Package.
pub static PACKAGE: ApiKind = ApiKind::namespaced("data.packaging.carvel.dev", "v1alpha1", "Package", "packages");

/// One version of a package.
#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    /// The name that all its versions have in common: `app.default.tap`.
    pub ref_name: String,
    /// The version.
    pub version: Version,
    /// `spec.valuesSchema.openAPIv3`; none where the Package has none.
    pub schema: Option<Value>,
    /// Where it was found.
    pub place: String,
}

/// The versions of the package of that name among the objects, each with its place.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) where there is none, with the one that was probably
/// meant; where a Package says no version; and for a name that leads out of its folder.
pub fn versions_of(objects: &[(Value, String)], ref_name: &str, looked_in: &str) -> Result<Vec<Package>> {
    check_name(ref_name)?;
    let packages = || objects.iter().filter(|(object, _)| PACKAGE.is_of(object));
    let name_of = |object: &Value| object["spec"]["refName"].as_str().unwrap_or_default().to_owned();
    let meant = packages().filter(|(object, _)| name_of(object) == ref_name);
    let found: Vec<Package> = meant.map(|(object, place)| read(object, place)).collect::<Result<_>>()?;
    if !found.is_empty() {
        return Ok(found);
    }
    let mut names: Vec<String> = packages().map(|(object, _)| name_of(object)).collect();
    names.sort();
    names.dedup();
    let error = Error::usage(format_args!("there is no Package of '{}' {looked_in}", ref_name.escape_debug()));
    let begun = names.iter().find(|name| name.split('.').next() == Some(ref_name)).map(String::as_str);
    Err(match begun.or_else(|| words::closest(ref_name, &names)) {
        _ if names.is_empty() => {
            error.hint("there is none at all: name a file or folder with -f, or another --namespace")
        }
        Some(close) => error.hint(format_args!("did you mean '{close}'?")),
        None => error.hint(format_args!("there are {}", words::list(names))),
    })
}

/// Refuses what cannot be the name of a package and of its folder.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) with what was typed.
pub fn check_name(ref_name: &str) -> Result<()> {
    if is_dns_subdomain(ref_name) {
        return Ok(());
    }
    Err(Error::usage(format_args!("PACKAGE '{}' cannot be the name of a package", ref_name.escape_debug()))
        .hint("it is what spec.refName says: app.default.tap"))
}

fn read(object: &Value, place: &str) -> Result<Package> {
    let (spec, name) = (&object["spec"], object["metadata"]["name"].as_str().unwrap_or_default());
    let refuse = |what: String| Error::usage(format_args!("{place}: the Package '{}' {what}", name.escape_debug()));
    let text = spec["version"].as_str().ok_or_else(|| refuse("says no spec.version".to_owned()))?;
    let version = Version::parse(text)
        .map_err(|_| refuse(format!("has the version '{}', which is none of three numbers", text.escape_debug())))?;
    let schema = &spec["valuesSchema"]["openAPIv3"];
    Ok(Package {
        ref_name: spec["refName"].as_str().unwrap_or_default().to_owned(),
        version,
        schema: (!schema.is_null()).then(|| schema.clone()),
        place: place.to_owned(),
    })
}

/// What was chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// The Package whose values are scaffolded: the newest that meets the constraint.
    pub package: Package,
    /// What the PackageInstall asks for.
    pub constraint: Constraint,
    /// Must it ask for pre-releases?
    pub prereleases: bool,
}

/// Chooses as kapp-controller does: the newest version that meets the constraint, pre-releases
/// where they are asked for or the constraint is one of them. Without a constraint the newest
/// version that is there, exactly.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) where none meets it, with those that are there.
pub fn choose(mut packages: Vec<Package>, constraint: Option<Constraint>, prereleases: bool) -> Result<Chosen> {
    packages.sort_by(|a, b| b.version.cmp(&a.version));
    let is_one = constraint.as_ref().and_then(Constraint::only_version).is_some();
    let fits = |package: &&Package| {
        (prereleases || is_one || package.version.pre.is_empty())
            && constraint.as_ref().is_none_or(|constraint| constraint.is_met_by(&package.version))
    };
    if let Some(package) = packages.iter().find(fits) {
        let constraint = constraint.unwrap_or_else(|| Constraint::exactly(&package.version));
        return Ok(Chosen { package: package.clone(), prereleases: prereleases && !is_one, constraint });
    }
    let name = packages.first().map_or("", |package| package.ref_name.as_str());
    let versions = packages.iter().take(SHOWN).map(|package| package.version.to_string());
    let more = packages.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} older ones") } else { String::new() };
    let there = format!("there are {}{more}", words::list(versions));
    let only_pre = packages.iter().all(|package| !package.version.pre.is_empty());
    Err(match constraint {
        None => Error::usage(format_args!("the package '{name}' has pre-releases alone: {there}"))
            .hint("take one with --version-constraint, or the newest with --prereleases"),
        Some(constraint) => {
            let error = Error::usage(format_args!("no Package of '{name}' meets '{constraint}': {there}"));
            if only_pre { error.hint("pre-releases count with --prereleases alone") } else { error }
        }
    })
}

/// How many versions an error names.
const SHOWN: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn objects(versions: &[&str]) -> Vec<(Value, String)> {
        let package = |version: &&str| {
            let spec = json!({"refName": "app.default.tap", "version": version});
            let object = json!({"apiVersion": "data.packaging.carvel.dev/v1alpha1", "kind": "Package",
                "metadata": {"name": format!("app.default.tap.{version}")}, "spec": spec});
            (object, "p.yaml".to_owned())
        };
        versions.iter().map(package).collect()
    }

    fn chosen(versions: &[&str], constraint: Option<&str>, prereleases: bool) -> Result<(String, String, bool)> {
        let packages = versions_of(&objects(versions), "app.default.tap", "here")?;
        let chosen = choose(packages, constraint.map(|text| Constraint::parse(text).unwrap()), prereleases)?;
        Ok((chosen.package.version.to_string(), chosen.constraint.to_string(), chosen.prereleases))
    }

    #[test]
    fn the_newest_that_fits() {
        let take = |versions, constraint, pre| chosen(versions, constraint, pre).unwrap();
        assert_eq!(take(&["1.9.0", "1.10.0", "2.0.0-rc.1"], None, false), ("1.10.0".into(), "1.10.0".into(), false));
        assert_eq!(take(&["1.9.0", "2.0.0-rc.1"], None, true).0, "2.0.0-rc.1");
        assert_eq!(take(&["1.9.0", "1.10.0", "2.0.0"], Some("1.x"), false), ("1.10.0".into(), "1.x".into(), false));
        assert_eq!(
            take(&["1.0.0", "2.0.0-rc.1"], Some("2.0.0-rc.1"), true),
            ("2.0.0-rc.1".into(), "2.0.0-rc.1".into(), false)
        );
    }

    #[test]
    fn none_that_fits_is_refused_with_those_there_are() {
        let refused = |versions: &[&str], constraint| chosen(versions, constraint, false).unwrap_err().to_string();
        let text = refused(&["1.0.0", "1.1.0"], Some(">=2.0.0"));
        assert_eq!(text, "no Package of 'app.default.tap' meets '>=2.0.0': there are 1.1.0 and 1.0.0");
        assert!(refused(&["1.0.0-rc.1"], None).contains("has pre-releases alone"));
    }

    #[test]
    fn a_name_that_is_none_or_another() {
        let of = |name: &str| versions_of(&objects(&["1.0.0"]), name, "in p.yaml").unwrap_err();
        for evil in ["../../etc", "a/b", "", "..", "App", "a\u{202e}b"] {
            assert!(of(evil).to_string().contains("cannot be the name of a package"), "{evil}");
        }
        assert_eq!(of("app").hint_text(), Some("did you mean 'app.default.tap'?"));
        assert_eq!(of("app.defualt.tap").hint_text(), Some("did you mean 'app.default.tap'?"));
        assert_eq!(of("zzz").hint_text(), Some("there are app.default.tap"));
        let unread = versions_of(&objects(&["1.0"]), "app.default.tap", "").unwrap_err().to_string();
        assert_eq!(
            unread,
            "p.yaml: the Package 'app.default.tap.1.0' has the version '1.0', which is none of three numbers"
        );
    }
}
