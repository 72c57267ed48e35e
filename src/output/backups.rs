//! The backups of a build cluster, as people read them.

use super::{Printer, table};
use crate::{
    cli::output::OutputFormat,
    error::Result,
    report::{BackupStatus, BackupsReport},
    words,
};

impl Printer {
    /// Prints the backups of a build cluster.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn backups(self, report: &BackupsReport, in_all_namespaces: bool) -> Result<()> {
        match self.format {
            OutputFormat::Human | OutputFormat::Wide if report.items.is_empty() => {
                self.say("no backups found");
                Ok(())
            }
            OutputFormat::Human => Self::result(&table_of(report, false, in_all_namespaces)),
            OutputFormat::Wide => Self::result(&table_of(report, true, in_all_namespaces)),
            OutputFormat::Name => {
                Self::result(&report.items.iter().map(|item| format!("configmap/{}\n", item.name)).collect::<String>())
            }
            OutputFormat::Json | OutputFormat::Yaml => self.document(report),
        }
    }
}

/// The backups of a build cluster.
fn table_of(report: &BackupsReport, wide: bool, in_all_namespaces: bool) -> String {
    let mut headers = vec!["NAME", "CREATED", "BY", "OBJECTS", "STATE", "REASON"];
    if in_all_namespaces {
        headers.insert(0, "NAMESPACE");
    }
    if wide {
        headers.extend(["CONTEXT", "UNDONE", "UNDONE-BY"]);
    }
    let row = |item: &BackupStatus| {
        let mut row = vec![
            item.name.clone(),
            format!("{} ago", words::duration(item.age_seconds)),
            table::dash_if_empty(&item.by),
            item.objects.map_or("?".to_owned(), |number| number.to_string()),
            item.state.to_owned(),
            table::dash_if_empty(item.reason.as_deref().unwrap_or_default().lines().next().unwrap_or_default()),
        ];
        if in_all_namespaces {
            row.insert(0, item.namespace.clone());
        }
        if wide {
            let or_dash = |text: &Option<String>| table::dash_if_empty(text.as_deref().unwrap_or_default());
            row.extend([item.context.clone(), or_dash(&item.undone_at), or_dash(&item.undone_by)]);
        }
        row
    };
    table::render(&headers, &report.items.iter().map(row).collect::<Vec<_>>())
}
