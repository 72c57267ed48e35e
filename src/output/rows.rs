//! Rows with lines below them, in columns that colours do not shift.

use console::{Style, style};

use crate::output::redact::clean;

/// How much of a message stands on a line.
const MESSAGE: usize = 110;

/// Clean text on one line.
pub(super) fn one_line(text: &str) -> String {
    clean(text).replace(['\n', '\t'], " ")
}

/// The first line of a message; but in wide tables no more than fits.
pub(super) fn shortened(message: &str, wide: bool) -> String {
    cut(message, if wide { usize::MAX } else { MESSAGE })
}

/// The first line of a text, and of that no more than so many characters.
pub(super) fn cut(text: &str, length: usize) -> String {
    let line = one_line(text.trim().lines().next().unwrap_or_default().trim_end());
    if line.chars().count() <= length {
        return line;
    }
    let kept: String = line.chars().take(length - 1).collect();
    format!("{}…", kept.trim_end())
}

/// One cell, clean, with the colour that repeats what it says.
pub(super) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// With a colour.
    pub(super) fn styled(text: &str, style: Style) -> Self {
        Self { text: one_line(text), style }
    }

    /// Without one.
    pub(super) fn plain(text: &str) -> Self {
        Self::styled(text, Style::new())
    }

    /// A dash where there is no text.
    pub(super) fn or_dash(text: Option<&str>) -> Self {
        Self::plain(text.filter(|text| !text.is_empty()).unwrap_or("-"))
    }
}

/// One row.
pub(super) struct Row {
    pub(super) cells: Vec<Cell>,
    /// Clean lines below it.
    pub(super) below: Vec<String>,
}

impl Row {
    /// A row with these lines below it, which are cleaned here.
    pub(super) fn with(cells: Vec<Cell>, below: &[String]) -> Self {
        Self { cells, below: Vec::new() }.and(below)
    }

    /// With more of them.
    pub(super) fn and(mut self, below: &[String]) -> Self {
        self.below.extend(below.iter().map(|line| one_line(line)).filter(|line| !line.is_empty()));
        self
    }
}

/// As [`crate::output::table::render`], with colours that do not count as width.
pub(super) fn render(headers: &[&str], rows: &[Row]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.cells.get(column)).map(|cell| cell.text.chars().count());
        cells.chain([headers[column].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headers.len()).map(width).collect();
    let padding = |text: &str, column: usize| match widths.get(column + 1) {
        Some(_) => " ".repeat(widths[column].saturating_sub(text.chars().count()) + 3),
        None => String::new(),
    };
    let line =
        |cells: Vec<(String, String)>| cells.into_iter().map(|(text, padding)| text + &padding).collect::<String>();
    let headers =
        headers.iter().enumerate().map(|(column, text)| (style(text).bold().to_string(), padding(text, column)));
    let mut text = line(headers.collect()) + "\n";
    for row in rows {
        let cells = row.cells.iter().enumerate();
        let cells =
            cells.map(|(column, cell)| (cell.style.apply_to(&cell.text).to_string(), padding(&cell.text, column)));
        text.push_str(line(cells.collect()).trim_end());
        text.push('\n');
        text.extend(row.below.iter().map(|line| format!("  {line}\n")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_below_their_row() {
        let row = Row::with(vec![Cell::plain("a"), Cell::or_dash(None)], &["why\u{202e}\nmore".into(), String::new()]);
        assert_eq!(render(&["NAME", "B"], &[row]), "NAME   B\na      -\n  why more\n");
        assert_eq!(render(&["NAME"], &[]), "");
    }

    #[test]
    fn long_messages_are_cut_in_narrow_tables_alone() {
        let long = "ä".repeat(200) + "\nsecond line";
        assert_eq!(shortened(&long, false).chars().count(), MESSAGE);
        assert_eq!(shortened(&long, true).chars().count(), 200);
        assert_eq!(shortened("  short\u{1b}[2J \n more", false), "short[2J");
    }
}
