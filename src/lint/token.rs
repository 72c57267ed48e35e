//! Tokens: when they end, by what they say themselves. Nothing of one is ever told.

use super::{Check, Rule, Severity, document::Node};
use crate::{registration::credential::Token, words};

/// Looks at a token.
pub(super) fn check(check: &mut Check<'_>, text: &str, at: Option<&Node>, field: &str) {
    const RENEW: &str = "make one that is renewed: kubectl tapmc register-run-cluster --renew";
    let is_token = |c: char| c.is_ascii_alphanumeric() || "-._~+/=:".contains(c);
    if text.is_empty() || !text.chars().all(is_token) {
        let message = "the token holds something that no token has, such as a blank, a line break or a placeholder";
        check.find(
            Rule::BadToken,
            Severity::Error,
            at,
            field,
            message,
            "store the token itself, without anything around it",
        );
        return;
    }
    let Some(life) = Token::new(text.to_owned()).life() else {
        let message = "the token does not say when it ends: a static one, which may never";
        check.find(Rule::OpaqueToken, Severity::Note, at, field, message, RENEW);
        return;
    };
    let Some(ends) = life.ends else {
        let message = "the token never ends: whoever has it keeps its rights until its ServiceAccount is deleted";
        check.find(Rule::TokenNeverExpires, Severity::Warning, at, field, message, RENEW);
        return;
    };
    let left = ends.saturating_sub(check.terms.now.as_second());
    if left <= 0 {
        let message = format!("the token ended {} ago", words::duration(left.saturating_neg()));
        check.find(Rule::TokenExpired, Severity::Error, at, field, &message, RENEW);
    } else if life.begins.is_some_and(|begins| left < ends.saturating_sub(begins) / 5) {
        let message = format!("the token ends in {}: less than a fifth of its life is left", words::duration(left));
        check.find(Rule::TokenExpiresSoon, Severity::Warning, at, field, &message, RENEW);
    }
}
