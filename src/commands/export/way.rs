//! Where a reader's credential goes, from what was typed: decided, and made ready, before any request.

use crate::{
    cli::{
        export::{CapactPart, ExportArgs},
        output::DryRun,
    },
    commands::destination::{Destination, check_folder},
    error::{Error, Result},
    output::Printer,
    readers::{ObjectForm, Reader},
    registration::{
        Registration,
        credential::Token,
        printed::{Part, capacts_additional_input, capacts_policy},
    },
    words,
};

/// Where it goes.
pub(super) enum Way {
    /// Nowhere: the text that is wanted holds no credential.
    Plain(String),
    /// To one command.
    Ephemeral,
    /// Into the reader's Secret, with these objects of the reader's own; none of them typed: as before, or the
    /// usual one.
    Stored(Option<Vec<&'static ObjectForm>>),
    /// Out of the plugin's hands.
    Printed {
        /// The objects of the reader's own that are printed with a Secret.
        objects: Vec<&'static ObjectForm>,
        /// Which text.
        part: Part,
        /// Where to; none in a dry run.
        destination: Option<Destination>,
        /// For whom.
        recipient: String,
    },
}

/// Decides.
pub(super) fn decide(args: &ExportArgs, reader: &'static Reader, printer: Printer) -> Result<Way> {
    let part = part(args, reader)?;
    let objects = objects(args, reader)?;
    if args.ephemeral {
        return Ok(Way::Ephemeral);
    }
    if args.apply {
        if reader.secret().is_some() {
            return Ok(Way::Stored(objects));
        }
        return Err(Error::usage(format_args!("{} reads no Secret: {}", reader.title, reader.stands))
            .hint("leave --apply out: it is printed to a pipe, or written with --output-file FILE"));
    }
    if args.adopt {
        return Err(Error::usage("--adopt is for a Secret that is stored").hint("add --apply"));
    }
    let Texts::Credential(part) = part else { return plain(args, part) };
    let objects = objects.unwrap_or_else(|| reader.objects.iter().take(1).collect());
    let recipient = args.recipient.clone().unwrap_or_else(|| reader.title.to_owned());
    if recipient.chars().any(char::is_control) || recipient.len() > 200 {
        return Err(Error::usage("--recipient is no short text of one line"));
    }
    Ok(Way::Printed { objects, part, destination: destination(args, printer)?, recipient })
}

/// Writes the credential. It is recorded by then: whoever has it can be named, and it can be ended.
pub(super) fn write(
    destination: Destination,
    text: &Token,
    (registration, context): (&Registration, &str),
    printer: Printer,
) -> Result<()> {
    destination.write(text.expose().as_bytes(), printer).map_err(|error| {
        error.hint(format_args!(
            "the credential was made and nobody may have it: kubectl tapmc unregister-run-cluster {} --context {} -n {}",
            registration.name,
            words::shell_word(context),
            registration.secret.namespace
        ))
    })
}

fn destination(args: &ExportArgs, printer: Printer) -> Result<Option<Destination>> {
    let is_dry = args.changing.consent.dry_run != DryRun::None;
    if let Some(file) = &args.output_file {
        check_folder(file)?;
        return if is_dry { Ok(None) } else { Destination::file("the credential", file).map(Some) };
    }
    if args.changing.output.output.is_some() && !is_dry {
        return Err(Error::usage("-o tells what was done, and stdout holds the credential")
            .hint("write the credential to a file: --output-file FILE"));
    }
    if printer.has_terminal() && !args.show_secret && !is_dry {
        return Err(Error::usage("a credential is a secret, and is not printed on a terminal").hint(
            "lead stdout into a pipe, write it with --output-file FILE, keep it with --apply, give it to one command with \
             --ephemeral, or add --show-secret",
        ));
    }
    Ok((!is_dry).then_some(Destination::Stdout))
}

/// A text of a reader's.
enum Texts {
    /// One with the credential.
    Credential(Part),
    /// The policy rules of Capact's.
    Policy(String, Option<String>),
    /// What an Implementation of Capact's says.
    AdditionalInput,
}

fn plain(args: &ExportArgs, part: Texts) -> Result<Way> {
    let of_credential = [
        ("--output-file", args.output_file.is_some()),
        ("--recipient", args.recipient.is_some()),
        ("--name", args.name.is_some()),
        ("--rules", args.rules.is_some()),
        ("--profile", !args.profile.is_empty()),
    ];
    if let Some((flag, _)) = of_credential.iter().find(|(_, typed)| *typed) {
        return Err(Error::usage(format_args!("this text holds no credential, and {flag} is for one"))
            .hint("leave it out: the text is printed"));
    }
    match part {
        Texts::Policy(id, interface) => capacts_policy(&id, interface.as_deref()).map(Way::Plain),
        Texts::AdditionalInput | Texts::Credential(_) => Ok(Way::Plain(capacts_additional_input())),
    }
}

fn part(args: &ExportArgs, reader: &Reader) -> Result<Texts> {
    let of_capact = reader.name == "capact";
    let typed = [
        ("--part", args.part != CapactPart::Create),
        ("--type-instance-id", args.type_instance_id.is_some()),
        ("--interface", args.interface.is_some()),
    ];
    if let Some((flag, _)) = typed.iter().find(|(_, typed)| *typed && !of_capact) {
        return Err(Error::usage(format_args!("{flag} is for Capact, and this is for {}", reader.title))
            .hint("add --for capact, or leave it out"));
    }
    if args.interface.is_some() && args.part != CapactPart::Policy {
        return Err(Error::usage("--interface is for --part policy"));
    }
    let id = || {
        args.type_instance_id.clone().ok_or_else(|| {
            Error::usage("Capact knows the TypeInstance by its id")
                .hint("name it with --type-instance-id; `capact typeinstance create` told it")
        })
    };
    Ok(match args.part {
        CapactPart::Create => Texts::Credential(Part::Credential),
        CapactPart::Update => Texts::Credential(Part::Update(id()?)),
        CapactPart::Policy => Texts::Policy(id()?, args.interface.clone()),
        CapactPart::AdditionalInput => Texts::AdditionalInput,
    })
}

/// The objects of the reader's own that were named; none where nothing was said of them.
fn objects(args: &ExportArgs, reader: &'static Reader) -> Result<Option<Vec<&'static ObjectForm>>> {
    if args.no_object {
        return Ok(Some(Vec::new()));
    }
    if args.kind.is_empty() {
        return Ok(None);
    }
    let known = || words::list(reader.objects.iter().map(ObjectForm::name));
    let mut chosen: Vec<&'static ObjectForm> = Vec::new();
    for typed in &args.kind {
        let found: Vec<&ObjectForm> = reader.objects.iter().filter(|form| form.is_called(typed)).collect();
        match found.as_slice() {
            [only] => chosen.push(only),
            [] if reader.objects.is_empty() => {
                return Err(Error::usage(format_args!("{} has no object of its own for it", reader.title))
                    .hint("leave --kind out"));
            }
            [] => {
                return Err(Error::usage(format_args!("{} has no kind '{}'", reader.title, typed.escape_debug()))
                    .hint(format_args!("it has {}", known())));
            }
            several => {
                return Err(Error::usage(format_args!("'{}' is several kinds", typed.escape_debug()))
                    .hint(format_args!("name one of {}", words::list(several.iter().map(|form| form.name())))));
            }
        }
    }
    chosen.dedup_by_key(|form| form.name());
    Ok(Some(chosen))
}
