//! The simulators and the token issuer alone, as `clearway simulators` serves them.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use local::stack::providers::Providers;
use serde_json::Value;

#[tokio::test]
async fn they_answer_where_they_say_with_the_keys_they_tell() {
    let providers = Providers::start(IpAddr::V4(Ipv4Addr::LOCALHOST), BTreeSet::new()).await.unwrap();
    let told = &providers.description;
    let http = reqwest::Client::new();
    let entities = http.get(format!("{}/entities", told.column_url)).basic_auth("", Some(told.column_api_key));
    let entities: Value = entities.send().await.unwrap().json().await.unwrap();
    assert_eq!(entities["entities"][0]["id"], told.column_entity_id.as_str());
    let discovery = http.get(format!("{}/.well-known/openid-configuration", told.oidc_issuer));
    let discovery: Value = discovery.send().await.unwrap().json().await.unwrap();
    assert_eq!(discovery["issuer"], told.oidc_issuer.as_str());
    let institution = http.post(format!("{}/institutions/get_by_id", told.plaid_url)).body("{}");
    assert!(institution.send().await.unwrap().status().is_client_error(), "Plaid wants its keys");
}
