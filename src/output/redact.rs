//! The last line of defence: text is stripped of what could move a terminal's cursor or turn its
//! reading order, and of anything that looks like a token.

use std::borrow::Cow;

/// Clean text for stdout and for messages from clusters.
pub(super) fn clean(text: &str) -> String {
    let visible: String = text.chars().filter(|&c| c == '\n' || c == '\t' || !is_dangerous(c)).collect();
    without_tokens(&visible).into_owned()
}

/// As [`clean`], but keeps the colours that we write ourselves; text from outside was cleaned
/// before it was coloured.
pub(super) fn clean_but_colour(text: &str) -> String {
    let visible: String =
        text.chars().filter(|&c| c == '\n' || c == '\t' || c == '\u{1b}' || !is_dangerous(c)).collect();
    without_tokens(&visible).into_owned()
}

fn is_dangerous(c: char) -> bool {
    // Bidirectional controls: they make a line read other than it is.
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}')
}

/// A JWT begins with `eyJ` (`{"` in base64) and has two dots.
fn without_tokens(text: &str) -> Cow<'_, str> {
    const BEGIN: &str = "eyJ";
    if !text.contains(BEGIN) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find(BEGIN) {
        kept.push_str(&rest[..begin]);
        let tail = &rest[begin..];
        let end = tail.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(tail.len());
        let word = &tail[..end];
        kept.push_str(if word.matches('.').count() >= 2 { "[token]" } else { word });
        rest = &tail[end..];
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_are_left_alone() {
        assert_eq!(clean("a\u{1b}[2Jb\rc\u{202e}d\n\te\u{9b}"), "a[2Jbcd\n\te");
        assert_eq!(clean_but_colour("\u{1b}[1ma\u{7}"), "\u{1b}[1ma");
    }

    #[test]
    fn tokens_are_not_shown() {
        assert_eq!(clean("token eyJhbGciOi.eyJpc3Mi.c2ln-_x, and eyJ alone"), "token [token], and eyJ alone");
    }
}
