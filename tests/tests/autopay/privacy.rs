//! Who reads what is a person's, and what their id tells.

use ::scenarios::simulation::people::Caller;
use http::Method;
use serde_json::Value;
use shared::domain::autopay::ids::PersonId;
use shared::domain::autopay::person::Person;
use shared::operations::autopay::subjects;
use shared::store::stored::create;

use super::story::{OLGA, Story};

/// Reads reports, and is no operator.
const RITA: Caller = Caller::Uploader("rita");

#[tokio::test]
async fn only_operators_and_the_person_read_what_is_a_person_s() {
    let story = Story::after("happy-path").await;
    let standing = story.standing();
    let (payment, funding) = (standing.payment().unwrap(), standing.funding().unwrap());
    let paths = [
        format!("/payments/{}", payment.id),
        format!("/payments/{}/history", payment.id),
        format!("/fundings/{}", funding.id),
        format!("/fundings/{}/history", funding.id),
        format!("/ledger/accounts/cash:{}/postings", payment.payer_id),
    ];
    for path in paths {
        let refusal = story.refusal(RITA, Method::GET, &path, Value::Null).await;
        assert!(refusal.contains("not_found"), "{path}: {refusal}");
        story.call(OLGA, Method::GET, &path, Value::Null).await;
    }
}

#[tokio::test]
async fn the_books_show_persons_as_one_sum_to_whoever_is_no_operator() {
    let story = Story::after("happy-path").await;
    let books = async |caller| story.call(caller, Method::GET, "/ledger/trial-balance", Value::Null).await;
    let (hers, whole) = (books(RITA).await, books(OLGA).await);
    let person_id = story.standing().persons[0].id;
    assert!(!hers.to_string().contains("per_"), "{hers}");
    assert_eq!(hers["accounts"]["cash:people"], whole["accounts"][format!("cash:{person_id}")]);
    assert_eq!(hers["total"], whole["total"]);
}

#[tokio::test]
async fn a_person_s_id_does_not_follow_from_their_subject_alone_and_one_of_before_stays() {
    let story = Story::after("below-threshold").await;
    let system = &story.simulation.system;
    let ann = story.standing().persons[0].id;
    assert_ne!(ann, PersonId::of_subject("ann"));
    assert_eq!(subjects::person_of(system, "ann").await.unwrap(), ann);

    let ben = Person::new(PersonId::of_subject("ben"), "Ben Example".to_owned(), story.simulation.now());
    system.table.write(vec![create(&ben).unwrap()]).await.unwrap();
    assert_eq!(subjects::person_of(system, "ben").await.unwrap(), ben.id);
}
