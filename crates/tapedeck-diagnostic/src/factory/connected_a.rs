//! What is said about the resources that hold and carry data: buckets, tables, queues and the like.

use crate::{Diagnostics, Rule, Span, Spanned, quoted};

use super::{listed, unquoted};

impl Diagnostics {
    /// A key that is right only beside another setting, such as `` `fifoEnabled: true` ``.
    pub fn missing_setting(&mut self, key: &Spanned<String>, needed: &str) {
        let message = format!("{} needs {needed}", quoted(&key.value));
        let help = format!("set that, or remove {}", quoted(&key.value));
        self.push(Rule::MissingSetting, key.span, message, Some(help));
    }

    /// A key that changes nothing. `reason` says which other setting makes it idle.
    pub fn unused_setting(&mut self, key: &Spanned<String>, reason: &str) {
        let message = format!("{} changes nothing: {reason}", quoted(&key.value));
        self.push(
            Rule::UnusedSetting,
            key.span,
            message,
            Some("remove it, or change the other setting".into()),
        );
    }

    /// A greatest value below a least one. Each is a key and what it was given.
    pub fn reversed_bounds(&mut self, at: Span, (greatest, high): (&str, &str), (least, low): (&str, &str)) {
        let message = format!(
            "`{greatest}` is {}, below `{least}`, which is {}",
            unquoted(high),
            unquoted(low)
        );
        let help = format!(
            "use {} or more for `{greatest}`, or less for `{least}`",
            unquoted(low)
        );
        self.push(Rule::ReversedBounds, at, message, Some(help));
    }

    /// A state that the state machine does not have. `known` are those that can be reached from there.
    pub fn unknown_state(&mut self, name: &Spanned<String>, known: &[&str]) {
        let message = format!("there is no state {}", quoted(&name.value));
        let help = match (self.guess(&name.value, known), known) {
            (Some(best), _) => format!("did you mean `{best}`?"),
            (None, [only]) => format!("the only one there is `{only}`"),
            (None, known) => format!("there are {}", listed(known, "and")),
        };
        self.push(Rule::UnknownState, name.span, message, Some(help));
    }

    /// A version of something of another provider that nothing is known of. As [`Self::unknown_version`] for AWS.
    pub fn unknown_version_of(&mut self, value: &Spanned<String>, provider: &str, newest: &str) {
        let message = format!(
            "the version {} is not one that is known: {provider} decides whether there is such a version",
            quoted(&value.value)
        );
        let help = format!("known up to {newest}");
        self.push(Rule::UnknownVersion, value.span, message, Some(help));
    }

    /// An attribute that is of one type in one key of a table and of another in another one.
    pub fn conflicting_attribute(
        &mut self,
        kind: &Spanned<String>,
        attribute: &str,
        (first, at): (&str, Span),
    ) {
        let message = format!(
            "the attribute {} cannot be a {} here: it is a {first} elsewhere in the table",
            quoted(attribute),
            kind.value
        );
        let help = "give it the same type everywhere, or use another attribute";
        self.push(Rule::ConflictingAttribute, kind.span, message, Some(help.into()));
        self.relate(at, "the other type is here");
    }
}
