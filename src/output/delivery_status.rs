//! The report of `delivery-status` as people read it: a row for each package of a delivery, and under the table
//! what is wrong and the command that helps.

use console::Style;

use super::{
    DeliveryTree, Printer, delivery_tree, mermaid,
    redact::clean_but_colour,
    rows::{Cell, Row, render},
    status,
};
use crate::{
    cli::output::OutputFormat,
    delivery::status::{DeliveryStatus, PackageStatus, ReaderStatus, RegistrationDeliveries},
    error::Result,
    plan::Side,
    report::delivery_status::DeliveryStatusReport,
};

impl Printer {
    /// Prints the report of `delivery-status`, and below it what is worth knowing.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn delivery_status(self, report: &DeliveryStatusReport, in_all_namespaces: bool) -> Result<()> {
        if self.is_document() {
            self.document(report)?;
        } else if report.items.is_empty() {
            self.say(match report.stands_on {
                Side::Build => "no registrations found",
                Side::Run => "no deliveries found",
            });
        } else {
            let text = text(report, self.format == OutputFormat::Wide, in_all_namespaces);
            Self::write(&clean_but_colour(&text))?;
        }
        self.say(&status::notes(&report.notes));
        Ok(())
    }

    /// Prints the report of `delivery-status` as a tree from the build cluster to the packages.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn delivery_tree(self, report: &DeliveryStatusReport, form: DeliveryTree) -> Result<()> {
        let tree = delivery_tree::tree(report);
        match form {
            DeliveryTree::Terminal => Self::write(&clean_but_colour(&tree.lines()))?,
            DeliveryTree::Mermaid => Self::result(&mermaid::flowchart(&tree))?,
        }
        self.say(&status::notes(&report.notes));
        Ok(())
    }
}

fn text(report: &DeliveryStatusReport, wide: bool, in_all_namespaces: bool) -> String {
    let mut headers = vec!["NAME", "DELIVERY", "READERS", "PACKAGE", "RUN-NAMESPACE", "INSTALLED", "NEWEST", "STATE"];
    if in_all_namespaces {
        headers.insert(0, "NAMESPACE");
    }
    if wide {
        headers.extend(["INSTALL", "CONSTRAINTS", "REVISION", "SOURCE", "RUN-CONTEXT"]);
    }
    let rows: Vec<Row> = report.items.iter().flat_map(|item| rows(item, wide, in_all_namespaces)).collect();
    let findings = report.items.iter().flat_map(|item| {
        let place = if in_all_namespaces { format!("{}/", item.namespace) } else { String::new() };
        let told = move |delivery: &DeliveryStatus| {
            status::told(&format!("{} to {place}{}", delivery.name, item.name), &delivery.findings, wide)
        };
        item.deliveries.iter().map(told)
    });
    render(&headers, &rows) + &findings.collect::<String>()
}

/// A row for each package of each delivery, one for a delivery without any, and one for whoever has none.
fn rows(item: &RegistrationDeliveries, wide: bool, in_all_namespaces: bool) -> Vec<Row> {
    let row = |delivery: Option<&DeliveryStatus>, package: Option<&PackageStatus>| {
        let mut cells = vec![Cell::plain(&item.name)];
        if in_all_namespaces {
            cells.insert(0, Cell::plain(&item.namespace));
        }
        cells.extend(of_delivery(delivery));
        cells.extend(of_package(package));
        cells.push(match delivery {
            Some(delivery) => Cell::styled(delivery.state, status::colour(delivery.severity)),
            None if package.is_some() => Cell::plain("not-delivered"),
            None => Cell::plain("no-delivery"),
        });
        if wide {
            cells.extend(more(item, delivery, package));
        }
        cells
    };
    let mut rows = Vec::new();
    for delivery in &item.deliveries {
        let below: Vec<String> = if wide { delivery.readers.iter().map(line).collect() } else { Vec::new() };
        let packages = delivery.packages.split_first();
        rows.push(Row::with(row(Some(delivery), packages.map(|(first, _)| first)), &below));
        let rest = packages.map(|(_, rest)| rest).unwrap_or_default();
        rows.extend(rest.iter().map(|package| Row::with(row(Some(delivery), Some(package)), &[])));
    }
    rows.extend(item.other_packages.iter().map(|package| Row::with(row(None, Some(package)), &[])));
    if rows.is_empty() {
        rows.push(Row::with(row(None, None), &[]));
    }
    rows
}

fn of_delivery(delivery: Option<&DeliveryStatus>) -> [Cell; 2] {
    let Some(delivery) = delivery else { return [Cell::or_dash(None), Cell::or_dash(None)] };
    let (all, fine) = (delivery.readers.len(), delivery.readers.iter().filter(|reader| reader.result == "ok").count());
    let kind = delivery.readers.first().map_or("", |reader| reader.kind.as_str());
    let shown = format!("{kind} {fine}/{all}");
    let style = if fine == all { Style::new() } else { Style::new().yellow() };
    [Cell::plain(&delivery.name), Cell::styled(&shown, style)]
}

fn of_package(package: Option<&PackageStatus>) -> [Cell; 4] {
    let installed = package.map(|package| match (package.result, package.version.as_deref()) {
        (None, _) => "no PackageInstall".to_owned(),
        (Some("ok"), Some(version)) => version.to_owned(),
        (Some(word), Some(version)) => format!("{version} ({word})"),
        (Some(word), None) => format!("({word})"),
    });
    [
        Cell::or_dash(package.map(|package| package.package.as_str())),
        Cell::or_dash(package.map(|package| package.namespace.as_str())),
        Cell::or_dash(installed.as_deref()),
        Cell::or_dash(package.and_then(|package| package.available.last()).map(String::as_str)),
    ]
}

fn more(
    item: &RegistrationDeliveries,
    delivery: Option<&DeliveryStatus>,
    package: Option<&PackageStatus>,
) -> [Cell; 5] {
    let reader = delivery.and_then(|delivery| delivery.readers.first());
    let source = reader.and_then(|reader| reader.source.as_ref());
    [
        package.and_then(|package| package.install.as_deref()),
        package.and_then(|package| package.constraints.as_deref()),
        reader.and_then(|reader| reader.revision.as_deref()),
        source.and_then(|source| source.url.as_deref().or(source.name.as_deref())),
        item.run_context.as_deref(),
    ]
    .map(Cell::or_dash)
}

fn line(reader: &ReaderStatus) -> String {
    let path = reader.path.as_ref().map(|path| format!(" {path}")).unwrap_or_default();
    format!("{} {}{path}", reader.short(), reader.result)
}
