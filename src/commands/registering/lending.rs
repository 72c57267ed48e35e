//! A credential of a registration's own account, lent for a while: bound to a marker of its own, stored nowhere.

use jiff::Timestamp;

use super::{Registering, access::Marker};
use crate::{
    error::Result,
    plan::{Change, Side},
    registration::{credential::Token, generations::marker_manifest, names::ObjectRef, record::key},
    report::Journal,
    words,
};

/// A credential that is lent.
pub(in crate::commands) struct Lent {
    /// The kubeconfig.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "only Linux can hand a kubeconfig over in memory")
    )]
    pub kubeconfig: Token,
    /// When its token ends, whatever happens.
    pub ends: Timestamp,
    marker: Marker,
}

/// What a marker says of it.
pub(in crate::commands) struct Loan {
    /// Who asked for it.
    pub by: String,
    /// For which command.
    pub whom: String,
}

impl Registering {
    /// Issues a credential of the registration's account, and proves it. The marker says until when and for
    /// whom, so that whoever finds it knows.
    ///
    /// # Errors
    /// As the run cluster answers; nothing is left then.
    pub(in crate::commands) async fn lend(&self, loan: &Loan, journal: &Journal) -> Result<Lent> {
        let (run, registration) = (&self.clusters.run, &self.observation.registration);
        let access = self.access(String::new(), journal);
        let until = run.now().checked_add(registration.duration).unwrap_or(run.now());
        let said = [
            (key::EPHEMERAL_UNTIL, until.to_string()),
            (key::PRINTED_BY, loan.by.clone()),
            (key::PRINTED_FOR, loan.whom.clone()),
        ];
        let marker = access.annotated_marker(0, &said).await?;
        match self.issue_lent(&marker).await {
            Ok((kubeconfig, ends)) => Ok(Lent { kubeconfig, ends, marker }),
            Err(error) => Err(access.without_marker(&marker, error).await),
        }
    }

    /// Ends it: its marker is deleted.
    ///
    /// # Errors
    /// With the command that ends it by hand.
    pub(in crate::commands) async fn revoke(&self, lent: &Lent) -> Result<()> {
        let run = &self.clusters.run;
        run.restart_clock();
        let marker = marker_manifest(&self.observation.registration, &lent.marker.name, &lent.marker.uid);
        let change = Change::delete(Side::Run, marker, "its command has ended");
        run.carry_out(&change).await.map(|_| ()).map_err(|error| {
            error.replace_hint(format_args!(
                "the token lives until {}; end it now: kubectl --context {} delete secret {} -n {}",
                lent.ends,
                words::shell_word(&self.contexts.run),
                lent.marker.name,
                self.account().namespace
            ))
        })
    }

    /// The account of the registration.
    pub(in crate::commands) fn account(&self) -> &ObjectRef {
        self.observation.registration.account.reference()
    }

    async fn issue_lent(&self, marker: &Marker) -> Result<(Token, Timestamp)> {
        let registration = &self.observation.registration;
        let new = self.clusters.issue(registration, marker).await?;
        self.clusters.prove(registration, &new.text).await?;
        Ok((Token::new(new.text), new.issued.expires_at))
    }
}
