//! What is said about resources, and about what names them.

use crate::{Diagnostics, Rule, Span, Spanned, quoted};

use super::listed;

impl Diagnostics {
    /// The name of a resource that the file does not have. `known` are those that would do.
    pub fn unknown_resource(&mut self, name: &Spanned<String>, known: &[&str]) {
        let message = format!("there is no resource {}", quoted(&name.value));
        let help = match (self.guess(&name.value, known), known) {
            (Some(best), _) => format!("did you mean `{best}`?"),
            (None, []) => "the file has none that would do here: add one under `resources`".to_string(),
            (None, known) => format!("the file has {}", listed(known, "and")),
        };
        self.push(Rule::UnknownResource, name.span, message, Some(help));
    }

    /// The name of a resource that does not do there.
    pub fn wrong_resource_type(&mut self, name: &Spanned<String>, problem: &str, advice: &str) {
        let message = format!("{} {problem}", quoted(&name.value));
        self.push(
            Rule::WrongResourceType,
            name.span,
            message,
            Some(advice.to_string()),
        );
    }

    /// A service of AWS that `connectTo` does not know.
    pub fn unknown_macro(&mut self, name: &Spanned<String>, known: &[&str]) {
        let message = format!("`connectTo` knows no service {}", quoted(&name.value));
        let help = format!(
            "{} is the only one; permissions for others go into `iamRoleStatements`",
            listed(known, "and")
        );
        self.push(Rule::UnknownMacro, name.span, message, Some(help));
    }

    /// Two names that become the same. `what` they both become, such as `the logical id MyDbQueue`.
    pub fn name_clash(&mut self, name: &Spanned<String>, other: &Spanned<String>, what: &str) {
        let message = format!(
            "{} and {} both become {what}",
            quoted(&other.value),
            quoted(&name.value)
        );
        let help = "rename one of them, so that more than capitals and signs differs";
        self.push(Rule::NameClash, name.span, message, Some(help.into()));
        self.relate(other.span, "the other one is here");
    }

    /// Something that the config names is not there.
    pub fn missing_file(&mut self, path: &Spanned<String>, subject: &str, wanted: &str, found: Option<&str>) {
        let message = match found {
            None => format!("{subject}: there is no {wanted} {}", quoted(&path.value)),
            Some(found) => format!("{subject}: {} is a {found}, not a {wanted}", quoted(&path.value)),
        };
        let help = "paths are relative to the folder of the config file, or to --currentWorkingDirectory";
        self.push(Rule::MissingFile, path.span, message, Some(help.into()));
    }

    /// An entry of a list that is there twice.
    pub fn duplicate_entry(&mut self, entry: &Spanned<String>, subject: &str, first: Span) {
        let message = format!("{} is twice in {subject}: it counts once", quoted(&entry.value));
        self.push(
            Rule::DuplicateEntry,
            entry.span,
            message,
            Some("keep one of them".into()),
        );
        self.relate(first, "it is there first here");
    }

    /// A variable that both the user and `connectTo` set.
    pub fn shadowed_variable(&mut self, name: &Spanned<String>, target: &str) {
        let message = format!(
            "`connectTo` would set {} for {}: the value here counts",
            quoted(&name.value),
            quoted(target)
        );
        let help = "remove it to get the value of the resource, or give it another name";
        self.push(Rule::ShadowedVariable, name.span, message, Some(help.into()));
    }

    /// A permission to do everything.
    pub fn unsafe_permission(&mut self, at: Span, subject: &str) {
        let message = format!("{subject} allows everything");
        let help = "name the actions that the code needs, such as 's3:GetObject'";
        self.push(Rule::UnsafePermission, at, message, Some(help.into()));
    }

    /// A VPC that a stack cannot be put into.
    pub fn unusable_vpc(&mut self, id: &Spanned<String>, problem: &str, help: &str) {
        let message = format!("the VPC {} cannot be used: it {problem}", quoted(&id.value));
        self.push(Rule::UnusableVpc, id.span, message, Some(help.to_string()));
    }

    /// A version that nothing is known of.
    pub fn unknown_version(&mut self, value: &Spanned<String>, subject: &str, newest: &str) {
        let message = format!(
            "{subject} {} is not one that is known: AWS decides whether there is such a version",
            quoted(&value.value)
        );
        self.push(
            Rule::UnknownVersion,
            value.span,
            message,
            Some(format!("known up to {newest}")),
        );
    }

    /// A hook names a script that the file does not have.
    pub fn unknown_script(&mut self, name: &Spanned<String>, known: &[&str]) {
        let message = format!("there is no script {}", quoted(&name.value));
        let help = match (self.guess(&name.value, known), known) {
            (Some(best), _) => format!("did you mean `{best}`?"),
            (None, []) => "add it under `scripts`".to_string(),
            (None, known) => format!("the file has {}", listed(known, "and")),
        };
        self.push(Rule::UnknownScript, name.span, message, Some(help));
    }
}
