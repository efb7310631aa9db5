//! What is said about databases, functions, jobs, services and load balancers.

use crate::{Diagnostics, Rule, Span, Spanned, quoted};

impl Diagnostics {
    /// A port, a priority or the like that something beside it has. `subject` is such as `the port`.
    pub fn already_taken(&mut self, value: &Spanned<String>, subject: &str, first: Span) {
        let message = format!("{subject} {} is taken already", quoted(&value.value));
        let help = "use another one, or remove one of the two";
        self.push(Rule::AlreadyTaken, value.span, message, Some(help.into()));
        self.relate(first, "it is taken here");
    }

    /// A password that the service does not take. It is not repeated. `advice` is the rule for passwords.
    pub fn invalid_password(&mut self, at: Span, subject: &str, advice: &str) {
        let message = format!("{subject} is not one that the service takes");
        self.push(Rule::InvalidPassword, at, message, Some(advice.to_string()));
    }

    /// Something that AWS would refuse, and that may well run elsewhere. `advice` is what AWS takes.
    pub fn refused_by_aws(&mut self, at: Span, subject: &str, advice: &str) {
        let message = format!("AWS would refuse {subject}");
        self.push(Rule::RefusedByAws, at, message, Some(advice.to_string()));
    }

    /// As [`Self::invalid_fargate_size`], of what is not run here.
    pub fn unoffered_fargate_size(&mut self, at: Span, given: &str, nearest: &[String]) {
        let message = format!("Fargate offers no task of {given}: AWS would refuse it");
        let help = format!("near it, Fargate offers {}", nearest.join(" and "));
        self.push(Rule::InvalidFargateSize, at, message, Some(help));
    }

    /// A resource that lets in only what connects to it, and nothing does.
    pub fn unreachable_resource(&mut self, at: Span, resource: &str) {
        let message = format!(
            "nothing reaches {}: it lets in only those that list it in `connectTo`, and nobody does",
            quoted(resource)
        );
        let help = "list it in `connectTo` of whoever uses it, or use `accessibilityMode: vpc`";
        self.push(Rule::UnreachableResource, at, message, Some(help.into()));
    }

    /// A way to be called that leads nowhere without another setting. `needed` is such as `` `joinDefaultVpc: true` ``.
    pub fn missing_setting_for(&mut self, at: Span, subject: &str, needed: &str, help: &str) {
        let message = format!("{subject} needs {needed}");
        self.push(Rule::MissingSetting, at, message, Some(help.to_string()));
    }
}
