//! Every form is what its reader's published types say: each file of `schemas/` has the strict JSON Schemas of one reader's
//! forms, and says after which source they were written. The bytes that the plugin wrote are read back and held to them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jsonschema::Validator;
use kubectl_tapmc::readers::{Needs, ObjectForm, READERS, Reader};
use serde_json::{Map, Value};

use super::{Exported, printed::documents};
use crate::{
    register_run_cluster::case::Case,
    support::{BUILD, Kubectl, Tapmc, kubeconfig::started, unique},
};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/export/schemas");
/// What the schemas have in common.
const DEFINITIONS: &str = "definitions";
/// The form of what is neither a Secret nor an object of the reader's.
const CREDENTIAL: &str = "Credential";

/// The schemas of a reader, by form: `Secret`, `KIND.GROUP`, or what else it takes.
struct Schemas {
    reader: &'static str,
    forms: BTreeMap<String, Validator>,
}

impl Schemas {
    fn of(reader: &'static Reader) -> Self {
        let definitions = Value::Object(file(reader.name, DEFINITIONS));
        let with_definitions = |(form, mut schema): (String, Value)| {
            schema["$defs"] = definitions.clone();
            let schema =
                jsonschema::validator_for(&schema).unwrap_or_else(|why| panic!("{}, {form}: {why}", reader.name));
            (form, schema)
        };
        let forms = file(reader.name, reader.name).into_iter().map(with_definitions).collect();
        Self { reader: reader.name, forms }
    }

    /// The document fits its form, and with one more field anywhere it does not. Gives the form.
    #[track_caller]
    fn fits(&self, document: Value, otherwise: &str) -> String {
        let (form, document) = (form(&document, otherwise), seen(document));
        let place = format!("{}, {form}", self.reader);
        let schema = self.forms.get(&form).unwrap_or_else(|| panic!("{place}: there is no schema"));
        // Nothing of the document itself is told: it holds a token.
        let misfits = schema.iter_errors(&document);
        let misfits: Vec<String> =
            misfits.map(|error| format!("{}: {}", error.instance_path(), error.masked())).collect();
        assert!(misfits.is_empty(), "{place}: {misfits:#?}");
        for pointer in mappings(&document, "") {
            let mut more = document.clone();
            let there = more.pointer_mut(&pointer).and_then(Value::as_object_mut).expect("a mapping");
            there.insert("unexpected".into(), Value::Bool(true));
            assert!(!schema.is_valid(&more), "{place}: at '{pointer}' the schema takes anything");
        }
        form
    }
}

#[track_caller]
fn file(reader: &str, name: &str) -> Map<String, Value> {
    let path = Path::new(FOLDER).join(name).with_extension("yaml");
    let text =
        fs::read_to_string(&path).unwrap_or_else(|why| panic!("the schema for {reader}, {}: {why}", path.display()));
    serde_saphyr::from_str(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// `Secret`, or `KIND.GROUP`.
fn form(document: &Value, otherwise: &str) -> String {
    let text = |field: &str| document[field].as_str().unwrap_or_default();
    match (text("apiVersion").split_once('/'), text("kind")) {
        (None, "Secret") => "Secret".to_owned(),
        (Some((group, _)), kind) => format!("{kind}.{group}"),
        _ => otherwise.to_owned(),
    }
}

/// As the schemas see it: of the metadata what the reader sees and neither the API server nor this plugin's record adds; a
/// Secret's data as text, and what is written in it as a mapping as that.
fn seen(mut document: Value) -> Value {
    let Some(metadata) = document.get("metadata").and_then(Value::as_object).cloned() else { return document };
    let fields = ["name", "namespace", "labels", "annotations"].into_iter();
    let of_readers = |(key, value): (&String, &Value)| {
        let own = key.starts_with("kubectl-tapmc/") || key == "app.kubernetes.io/managed-by";
        (!own).then(|| (key.clone(), value.clone()))
    };
    let field = |name: &str| match metadata.get(name)? {
        Value::Object(all) => {
            let rest: Map<String, Value> = all.iter().filter_map(of_readers).collect();
            (!rest.is_empty()).then(|| (name.to_owned(), rest.into()))
        }
        value => Some((name.to_owned(), value.clone())),
    };
    document["metadata"] = fields.filter_map(field).collect::<Map<_, _>>().into();
    if document["kind"] == "Secret" {
        let printed = document.as_object_mut().and_then(|secret| secret.remove("stringData"));
        let text = |value: &Value| {
            let text = value.as_str().expect("text").to_owned();
            if printed.is_some() {
                return text;
            }
            String::from_utf8(STANDARD.decode(text).expect("base64")).expect("text")
        };
        let read = |text: String| {
            let mapping = serde_saphyr::from_str::<Value>(&text).ok().filter(Value::is_object);
            mapping.unwrap_or(Value::String(text))
        };
        let data = printed.as_ref().unwrap_or(&document["data"]).as_object().expect("data").iter();
        let data: Map<String, Value> = data.map(|(key, value)| (key.clone(), read(text(value)))).collect();
        document["data"] = data.into();
    }
    document
}

/// Where in the document mappings are.
fn mappings(document: &Value, at: &str) -> Vec<String> {
    let inside: Vec<(String, &Value)> = match document {
        Value::Object(all) => {
            all.iter().map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value)).collect()
        }
        Value::Array(all) => all.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => return Vec::new(),
    };
    let deeper = inside.into_iter().flat_map(|(step, value)| mappings(value, &format!("{at}/{step}")));
    deeper.chain(document.is_object().then(|| at.to_owned())).collect()
}

/// The forms that a reader takes in one go.
fn forms(reader: &Reader) -> BTreeSet<String> {
    let own = if reader.secret().is_some() { "Secret" } else { CREDENTIAL };
    [own.to_owned()].into_iter().chain(reader.objects.iter().map(ObjectForm::name)).collect()
}

/// With every object of the reader's own, and rules of one's own where no profile serves it.
fn exports(export: Tapmc, reader: &Reader, rules: &Path) -> Tapmc {
    let kinds = reader.objects.iter().flat_map(|object| ["--kind".to_owned(), object.name()]);
    let export = export.args(kinds).arg("--allow-broad-rules");
    if matches!(reader.needs, Needs::Rules(_)) { export.arg("--rules").arg(rules) } else { export }
}

fn rules(folder: &Path) -> std::path::PathBuf {
    let file = folder.join("rules.yaml");
    fs::write(&file, "- apiGroups: ['']\n  resources: [configmaps]\n  verbs: [get, list]\n").expect("written");
    file
}

#[test]
fn every_reader_has_a_schema_for_each_form() {
    for reader in &READERS {
        let found: BTreeSet<String> = Schemas::of(reader).forms.into_keys().collect();
        let mut wanted = forms(reader);
        if reader.name == "capact" {
            wanted.extend(["Update", "Policy", "AdditionalInput"].map(str::to_owned));
        }
        assert_eq!(found, wanted, "{}", reader.name);
    }
    let files = fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path().with_extension(""));
    let files: BTreeSet<String> = files.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    let wanted = READERS.iter().map(|reader| reader.name).chain([DEFINITIONS]).map(str::to_owned);
    assert_eq!(files, wanted.collect(), "a file is of no reader");
}

#[test]
fn what_is_printed_fits() {
    let it = Exported::new("form");
    let folder = tempfile::tempdir().unwrap();
    let rules = rules(folder.path());
    for reader in &READERS {
        let print = it.print(reader.name).args(["--name", &unique("out")]);
        let output = exports(print, reader, &rules).gives_a_credential();
        let schemas = Schemas::of(reader);
        let fits = documents(&output.stdout).into_iter().map(|document| schemas.fits(document, CREDENTIAL));
        assert_eq!(fits.collect::<BTreeSet<_>>(), forms(reader), "{}", reader.name);
    }
}

#[test]
fn what_capact_takes_beside_fits() {
    let it = Exported::new("capact");
    let capact = READERS.iter().find(|reader| reader.name == "capact").expect("a row");
    let schemas = Schemas::of(capact);
    let id = ["--type-instance-id", "abc"];
    let update = it.print("capact").args(["--part", "update"]).args(id).gives_a_credential();
    let policy = it.print("capact").args(["--part", "policy"]).args(id).succeeds();
    let one =
        it.print("capact").args(["--part", "policy", "--interface", "cap.interface.a.b:0.1.0"]).args(id).succeeds();
    let input = it.print("capact").args(["--part", "additional-input"]).succeeds();
    for (output, form) in [(update, "Update"), (policy, "Policy"), (one, "Policy"), (input, "AdditionalInput")] {
        let documents = documents(&output.stdout);
        assert_eq!(documents.len(), 1, "{form}");
        for document in documents {
            schemas.fits(document, form);
        }
    }
}

/// What one reader's objects are on the build cluster.
struct Applied {
    reader: &'static Reader,
    namespace: String,
}

impl Applied {
    fn new(reader: &'static Reader) -> Self {
        let this = Self { reader, namespace: unique("form") };
        Kubectl::on(BUILD).namespace(&this.namespace);
        this
    }

    fn apply(&self, case: &Case, rules: &Path) -> Tapmc {
        let export = Tapmc::new(["export", &case.name, "--for", self.reader.name, "--apply", "--yes"]).args([
            "-n",
            &self.namespace,
            "--context",
            BUILD,
        ]);
        exports(export, self.reader, rules)
    }

    /// The Secret, and the objects that are called as the registration.
    fn documents(&self, case: &Case) -> Vec<Value> {
        let get = |args: &[&str]| Kubectl::on(BUILD).get(&[args, &["-n", &self.namespace]].concat());
        let ours = format!("kubectl-tapmc/registration={}-{}", case.name, self.reader.name);
        let secrets =
            get(&["secrets", "-l", &ours]).unwrap_or_default()["items"].as_array().cloned().unwrap_or_default();
        let objects = self.reader.objects.iter();
        let objects =
            objects.filter_map(|form| get(&[&format!("{}.{}", form.kind.plural, form.kind.group), &case.name]));
        secrets.into_iter().chain(objects).collect()
    }
}

#[test]
fn what_is_applied_fits_stays_as_it_is_and_goes() {
    let Some(_) = started(BUILD) else { return };
    let case = Case::new("form");
    case.register().succeeds();
    let folder = tempfile::tempdir().unwrap();
    let rules = rules(folder.path());
    let all: Vec<Applied> = READERS.iter().filter(|reader| reader.secret().is_some()).map(Applied::new).collect();
    for one in &all {
        one.apply(&case, &rules).succeeds();
        let schemas = Schemas::of(one.reader);
        let stored = one.documents(&case);
        let fits: BTreeSet<String> = stored.iter().map(|one| schemas.fits(one.clone(), CREDENTIAL)).collect();
        assert_eq!(fits, forms(one.reader), "{}", one.reader.name);
        let again = one.apply(&case, &rules).succeeds();
        assert!(again.stderr.contains("no changes"), "{}: {}", one.reader.name, again.stderr);
        assert_eq!(one.documents(&case), stored, "{}", one.reader.name);
    }
    Tapmc::new(["unregister-run-cluster", &case.name, "--context", BUILD, "-n", "default", "--with-readers", "--yes"])
        .succeeds();
    for one in &all {
        assert_eq!(one.documents(&case), Vec::<Value>::new(), "{}", one.reader.name);
    }
}
