//! How a reader's Secret holds the parts of a credential: names, labels and data, written and read back.

use super::{Data, Export, argocd::ArgoCdConfig};
use crate::{
    readers::{Keys, LabelValue, Naming, Reads},
    registration::{
        access::SECRET_KEY,
        credential::Token,
        kubeconfig::{self, Endpoint, Stored, Unreadable},
        names::Name,
        record::{Map, key, list},
    },
};

/// How a reader's Secret holds the parts.
#[derive(Debug, Clone, Copy)]
enum Layout {
    /// A kubeconfig under this key.
    Kubeconfig(&'static str),
    /// A kubeconfig under the name of the cluster.
    ByName,
    /// Argo CD's: `name`, `server` and a JSON document.
    ArgoCd,
    /// A token, and the CA under this key; the address stands in the reader's own object.
    Token(&'static str),
    /// A kubeconfig under the one key, its token alone under the other.
    Both(&'static str, &'static str),
    /// Nothing: the credential was printed.
    Nothing,
}

impl Export {
    fn layout(&self) -> Layout {
        if self.is_printed() { Layout::Nothing } else { self.readers_layout() }
    }

    /// As the reader takes it, wherever it went.
    fn readers_layout(&self) -> Layout {
        let keys = self.secret().map_or(Keys::Named, |secret| secret.keys);
        if let Some(token) = self.secret().and_then(|secret| secret.token_key) {
            return Layout::Both("kubeconfig", token);
        }
        match (self.reader.reads, keys) {
            (Reads::ArgoCd, _) => Layout::ArgoCd,
            (Reads::Token { certificate_authority }, _) => Layout::Token(certificate_authority.unwrap_or("ca.crt")),
            (_, Keys::Every) => Layout::ByName,
            (_, Keys::Fixed(key)) => Layout::Kubeconfig(key),
            (_, Keys::Default([key, ..])) => Layout::Kubeconfig(key),
            (_, Keys::AnyFirst) => Layout::Kubeconfig("kubeconfig"),
            _ => Layout::Kubeconfig(SECRET_KEY),
        }
    }

    /// The key of the kubeconfig in the reader's Secret.
    #[must_use]
    pub fn kubeconfig_key(&self) -> &str {
        match self.readers_layout() {
            Layout::Kubeconfig(key) | Layout::Both(key, _) => key,
            Layout::ByName => self.of.as_str(),
            Layout::ArgoCd | Layout::Token(_) | Layout::Nothing => SECRET_KEY,
        }
    }

    /// The keys of the Secret's data.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        match self.layout() {
            Layout::Kubeconfig(key) => vec![key.to_owned()],
            Layout::ByName => vec![self.of.to_string()],
            Layout::ArgoCd => ["config", "name", "namespaces", "server"].map(str::to_owned).to_vec(),
            Layout::Token(authority) => vec![authority.to_owned(), "token".to_owned()],
            Layout::Both(kubeconfig, token) => vec![kubeconfig.to_owned(), token.to_owned()],
            Layout::Nothing => Vec::new(),
        }
    }

    /// The type of the Secret.
    #[must_use]
    pub fn type_(&self) -> &'static str {
        self.secret().and_then(|secret| secret.type_).filter(|_| !self.is_printed()).unwrap_or("Opaque")
    }

    /// What the Secret is called where nobody says otherwise.
    #[must_use]
    pub fn secret_name(&self) -> String {
        let of = &self.of;
        if self.secret().is_some_and(|secret| secret.token_key.is_some()) {
            return of.to_string();
        }
        match self.secret().map(|secret| secret.name) {
            Some(Naming::Prefix(prefix)) => format!("{prefix}{of}"),
            Some(Naming::Suffix(suffix)) => format!("{of}{suffix}"),
            Some(Naming::Cluster) => of.to_string(),
            Some(Naming::Any) | None => format!("{of}-{}", self.reader.name),
        }
    }

    /// Where the reader looks for the Secret, where that is one namespace.
    #[must_use]
    pub fn namespace(&self) -> Option<&'static str> {
        self.secret().and_then(|secret| secret.only_in.or(secret.usually_in))
    }

    /// The labels that the Secret has for the reader.
    #[must_use]
    pub fn labels(&self) -> Map {
        if self.is_printed() { Map::new() } else { self.readers_labels() }
    }

    /// The labels by which the reader finds its Secret, wherever that is.
    #[must_use]
    pub fn readers_labels(&self) -> Map {
        let label = self.secret().and_then(|secret| secret.label);
        let value = |value| match value {
            LabelValue::Is(value) => value.to_owned(),
            LabelValue::Any => self.of.to_string(),
        };
        label.into_iter().map(|(key, wanted)| (key.to_owned(), value(wanted))).collect()
    }

    /// Why the reader cannot use such an address; none where it can.
    #[must_use]
    pub fn lacks(&self, endpoint: &Endpoint) -> Option<&'static str> {
        let is_list = matches!(self.reader.reads, Reads::ClusterList);
        // cluster-inventory-api takes the address, the CA and the proxy of its own object, and no other name
        // (kubernetes-sigs/cluster-inventory-api v0.1.3: pkg/access/config.go, BuildConfigFromCP).
        let is_token = matches!(self.readers_layout(), Layout::Token(_) | Layout::Both(..));
        match endpoint {
            Endpoint { tls_server_name: Some(_), .. } if is_list || is_token => {
                Some("takes no other name than the address's own")
            }
            Endpoint { proxy_url: Some(_), .. } if is_list => Some("takes no proxy"),
            _ => None,
        }
    }

    /// The data of the Secret.
    #[must_use]
    pub fn data(&self, stored: &Stored, run_namespaces: &[String]) -> Data {
        self.laid_out(self.layout(), stored, run_namespaces)
    }

    /// The data of the Secret that the reader takes, wherever it goes.
    #[must_use]
    pub fn readers_data(&self, stored: &Stored, run_namespaces: &[String]) -> Data {
        self.laid_out(self.readers_layout(), stored, run_namespaces)
    }

    fn laid_out(&self, layout: Layout, stored: &Stored, run_namespaces: &[String]) -> Data {
        let one = |key: &str, text: String| (key.to_owned(), Token::new(text));
        match layout {
            Layout::Nothing => Data::new(),
            Layout::Both(kubeconfig, token) => {
                Data::from([one(kubeconfig, stored.render()), one(token, stored.token.expose().to_owned())])
            }
            Layout::Kubeconfig(key) => Data::from([one(key, stored.render())]),
            Layout::ByName => Data::from([one(self.of.as_str(), stored.render())]),
            Layout::ArgoCd => Data::from([
                one("name", self.of.to_string()),
                one("server", stored.endpoint.server.clone()),
                one("namespaces", run_namespaces.join(",")),
                one("config", ArgoCdConfig::of(stored).text()),
            ]),
            Layout::Token(authority) => {
                let pem = stored.endpoint.certificate_authority.iter();
                let pem = pem.map(|pem| one(authority, String::from_utf8_lossy(pem).into_owned()));
                [one("token", stored.token.expose().to_owned())].into_iter().chain(pem).collect()
            }
        }
    }

    /// Is that data what [`Self::data`] writes?
    #[must_use]
    pub fn holds(&self, data: &Data, stored: &Stored, run_namespaces: &[String]) -> bool {
        let wanted = self.data(stored, run_namespaces);
        let pairs =
            |data: &Data| data.iter().map(|(key, value)| (key.clone(), value.expose().to_owned())).collect::<Vec<_>>();
        pairs(&wanted) == pairs(data)
    }

    /// Reads the data of the Secret of the registration `name` back; `annotations` say what the form leaves to
    /// the reader's own object.
    ///
    /// # Errors
    /// Says what is not as [`Self::data`] writes it.
    pub fn read(&self, name: &Name, data: &Data, annotations: &Map) -> Result<Stored, Unreadable> {
        let text = |key: &str| data.get(key).map(Token::expose).ok_or(Unreadable::whole("is missing"));
        let recorded = |key: &str| annotations.get(key).map_or("", String::as_str);
        match self.layout() {
            Layout::Nothing => Err(Unreadable::whole("was printed and is not stored")),
            Layout::Kubeconfig(key) => kubeconfig::parse(text(key)?.as_bytes()),
            Layout::Both(key, token) => {
                let stored = kubeconfig::parse(text(key)?.as_bytes())?;
                let is_its_own = text(token)? == stored.token.expose();
                is_its_own.then_some(stored).ok_or(Unreadable::whole("holds another token than the one beside it"))
            }
            Layout::ByName => {
                let only = data.iter().next().filter(|(key, _)| data.len() == 1 && *key == self.of.as_str());
                kubeconfig::parse(only.ok_or(Unreadable::whole("is missing"))?.1.expose().as_bytes())
            }
            Layout::ArgoCd => {
                let config: ArgoCdConfig = serde_json::from_str(text("config")?)
                    .map_err(|_| Unreadable::whole("holds another config than this plugin writes"))?;
                if text("name")? != self.of.as_str() {
                    return Err(Unreadable::whole("is called otherwise"));
                }
                config.into_stored(name, text("server")?, text("namespaces")?)
            }
            Layout::Token(authority) => {
                let parts = Stored {
                    name: name.clone(),
                    namespace: list(recorded(key::RUN_NAMESPACES)).into_iter().next().unwrap_or_default(),
                    endpoint: Endpoint {
                        server: recorded(key::SERVER).to_owned(),
                        certificate_authority: data.get(authority).map(|pem| pem.expose().as_bytes().to_vec()),
                        tls_server_name: None,
                        proxy_url: [key::PROXY_URL, key::RUN_PROXY_URL]
                            .iter()
                            .find_map(|key| annotations.get(*key).cloned()),
                    },
                    token: Token::new(text("token")?.to_owned()),
                };
                kubeconfig::parse(parts.render().as_bytes())
            }
        }
    }
}
