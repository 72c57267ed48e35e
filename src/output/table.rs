//! Tables as kubectl prints them: upper-case headers, columns padded with spaces.

use crate::{
    report::{BackupStatus, BackupsReport},
    words,
};

/// Lays out rows under their headers; the last column is not padded.
pub(super) fn render(headers: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([headers[column].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headers.len()).map(width).collect();
    let headers = headers.iter().map(|header| (*header).to_owned()).collect();
    let mut text = String::new();
    for row in std::iter::once(&headers).chain(rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:<width$}   "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The backups of a build cluster.
pub(super) fn backups(report: &BackupsReport, wide: bool, in_all_namespaces: bool) -> String {
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
            dash_if_empty(&item.by),
            item.objects.map_or("?".to_owned(), |number| number.to_string()),
            item.state.to_owned(),
            dash_if_empty(item.reason.as_deref().unwrap_or_default().lines().next().unwrap_or_default()),
        ];
        if in_all_namespaces {
            row.insert(0, item.namespace.clone());
        }
        if wide {
            let or_dash = |text: &Option<String>| dash_if_empty(text.as_deref().unwrap_or_default());
            row.extend([item.context.clone(), or_dash(&item.undone_at), or_dash(&item.undone_by)]);
        }
        row
    };
    render(&headers, &report.items.iter().map(row).collect::<Vec<_>>())
}

pub(super) fn dash_if_empty(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let text = render(&["A", "LONG"], &[vec!["ä-1".into(), "x".into()], vec!["b".into(), "yy".into()]]);
        assert_eq!(text, "A     LONG\nä-1   x\nb     yy\n");
    }
}
