//! A Package's `valuesSchema`: which values there are, and whether given ones fit.
//!
//! It is an OpenAPI v3 schema, which says some things otherwise than JSON Schema does; the schema
//! that values are validated with is a translation (see [`json_schema`]). References within it are
//! followed, those out of it are refused: nothing is ever fetched.

pub mod json_schema;
mod property;

use jsonschema::{Draft, Validator, error::ValidationErrorKind};
use serde_json::Value;

pub use property::Property;

use crate::error::{Error, Result};

/// A schema that was read.
#[derive(Debug)]
pub struct ValuesSchema {
    /// What there is to be set, from the root on.
    pub root: Property,
    validator: Validator,
}

/// Something that does not fit the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Where, as a JSON pointer.
    pub pointer: String,
    /// A property that is required there and missing, where it is that.
    pub missing: Option<String>,
    /// Properties that the schema does not know, where it is that.
    pub unknown: Vec<String>,
    /// Is it that no, or more than one, alternative fits?
    pub is_of_alternatives: bool,
    /// Why, without the value itself, which may be a secret.
    pub reason: String,
}

impl ValuesSchema {
    /// Reads the schema of a Package; `whose` is named in errors.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) with the path in it for a schema that refers to
    /// something outside of it or that is no schema.
    pub fn read(schema: &Value, whose: &str) -> Result<Self> {
        let refuse = |(at, why): (String, String)| {
            let at = if at.is_empty() { "its root".to_owned() } else { format!("'{at}'") };
            Error::usage(format_args!("the valuesSchema of {whose} cannot be used: at {at}: {why}"))
                .hint("--ignore-schema takes the values as they are given, and comments nothing")
        };
        let translated = json_schema::translate(schema).map_err(refuse)?;
        let options = jsonschema::options().with_draft(Draft::Draft7).should_validate_formats(false);
        let validator = options.build(&translated).map_err(|error| {
            refuse((error.instance_path().to_string(), error.masked_with("what stands there").to_string()))
        })?;
        let root = Property::read(schema).map_err(refuse)?;
        Ok(Self { root, validator })
    }

    /// Everything in the values that does not fit.
    #[must_use]
    pub fn misfits(&self, values: &Value) -> Vec<Misfit> {
        let misfit = |error: jsonschema::ValidationError<'_>| Misfit {
            pointer: error.instance_path().to_string(),
            missing: match error.kind() {
                ValidationErrorKind::Required { property } => property.as_str().map(str::to_owned),
                _ => None,
            },
            unknown: match error.kind() {
                ValidationErrorKind::AdditionalProperties { unexpected } => unexpected.clone(),
                _ => Vec::new(),
            },
            is_of_alternatives: matches!(
                error.kind(),
                ValidationErrorKind::AnyOf { .. }
                    | ValidationErrorKind::OneOfNotValid { .. }
                    | ValidationErrorKind::OneOfMultipleValid { .. }
                    | ValidationErrorKind::Not { .. }
            ),
            reason: error.masked_with("the value").to_string(),
        };
        self.validator.iter_errors(values).map(misfit).collect()
    }
}

#[cfg(test)]
mod tests;
