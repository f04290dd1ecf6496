//! What the template allows.

use std::collections::BTreeSet;
use std::path::Path;

use journeys::recording::Function;
use serde_yaml_ng::Value;

use crate::kinds::{KINDS, kind_of, matches};
use crate::uses::Use;

/// What Lambda itself does in a function's name, so that no port shows it: writes its logs, takes its messages.
const OF_LAMBDA: [&str; 5] =
    ["logs:CreateLogStream", "logs:PutLogEvents", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];

/// One action on one pattern of things.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Grant {
    pub(crate) function: Function,
    pub(crate) action: String,
    pub(crate) on: String,
}

impl Grant {
    pub(crate) fn allows(&self, used: &Use) -> bool {
        self.function == used.function && self.action == used.action && matches(&self.on, &used.on)
    }

    /// The kinds of things that it covers.
    pub(crate) fn kinds(&self) -> Vec<&str> {
        if !self.on.contains(['*', '?']) {
            return vec![kind_of(&self.on)];
        }
        let covered = KINDS.iter().filter(|(_, example)| matches(&self.on, example));
        let kinds: Vec<&str> = covered.map(|(kind, _)| *kind).collect();
        assert!(!kinds.is_empty(), "{self:?} is on nothing that exists");
        kinds
    }
}

fn template() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
    serde_yaml_ng::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// What the code of the functions is allowed, without what Lambda does for them.
pub(crate) fn granted() -> Vec<Grant> {
    all_granted().into_iter().filter(|grant| !OF_LAMBDA.contains(&grant.action.as_str())).collect()
}

fn all_granted() -> Vec<Grant> {
    let template = template();
    Function::ALL.into_iter().flat_map(|function| of_function(&template, function)).collect()
}

fn role_of(template: &Value, function: Function) -> String {
    let role = tagged(&template["Resources"][function.logical_id()]["Properties"]["Role"]).unwrap();
    role.strip_suffix(".Arn").unwrap().to_owned()
}

fn of_function(template: &Value, function: Function) -> Vec<Grant> {
    let policies = &template["Resources"][role_of(template, function)]["Properties"]["Policies"];
    let statements = listed(policies).into_iter().flat_map(|policy| listed(&policy["PolicyDocument"]["Statement"]));
    let mut grants = Vec::new();
    for statement in statements {
        assert_eq!(statement["Effect"], "Allow", "{statement:?}");
        for action in listed(&statement["Action"]) {
            for on in things(template, statement) {
                grants.push(Grant { function, action: action.as_str().unwrap().to_owned(), on });
            }
        }
    }
    grants
}

/// What a statement is about: its resources, or of the table the partitions that its condition names.
fn things(template: &Value, statement: &Value) -> Vec<String> {
    let resources = listed(&statement["Resource"]).into_iter().map(|resource| thing(template, resource));
    let Some(condition) = statement.get("Condition") else { return resources.collect() };
    let conditions = condition.as_mapping().unwrap();
    assert_eq!(conditions.len(), 1, "{condition:?}");
    let partitions = listed(&condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]);
    resources
        .flat_map(|resource| {
            assert_eq!(resource, "table/*", "only the table has leading keys");
            partitions.iter().map(|pattern| format!("table/{}", pattern.as_str().unwrap())).collect::<Vec<_>>()
        })
        .collect()
}

fn thing(template: &Value, resource: &Value) -> String {
    match tagged(resource).unwrap() {
        "Table.Arn" => "table/*".to_owned(),
        "Bucket.Arn" => "bucket".to_owned(),
        text => match text.strip_suffix(".Arn") {
            Some(logical_id) => logical_id.to_owned(),
            None if text.starts_with("${") => text.replace("${Table.Arn}", "table").replace("${Bucket.Arn}", "bucket"),
            None => {
                let resource = &template["Resources"][text];
                if resource["Type"] != "AWS::SecretsManager::Secret" {
                    return text.to_owned();
                }
                let name = tagged(&resource["Properties"]["Name"]).unwrap();
                format!("secret/{}", name.strip_prefix("${AWS::StackName}/").unwrap())
            }
        },
    }
}

/// The text after a tag such as `!Ref` or `!Sub`.
fn tagged(value: &Value) -> Option<&str> {
    if let Value::Tagged(tagged) = value { tagged.value.as_str() } else { None }
}

/// A list, or one thing alone.
fn listed(value: &Value) -> Vec<&Value> {
    if value.is_null() {
        return Vec::new();
    }
    value.as_sequence().map_or_else(|| vec![value], |values| values.iter().collect())
}

#[test]
fn every_function_of_the_template_is_watched() {
    let template = template();
    let resources = template["Resources"].as_mapping().unwrap().iter();
    let functions = resources.filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function");
    let functions: BTreeSet<&str> = functions.map(|(name, _)| name.as_str().unwrap()).collect();
    assert_eq!(functions, BTreeSet::from(Function::ALL.map(Function::logical_id)));
}

/// Lambda writes each function's logs to its own group, and takes the messages of the queues that are mapped to it.
#[test]
fn lambda_may_log_and_take_messages_for_a_function_and_nothing_else() {
    let template = template();
    for function in Function::ALL {
        let properties = &template["Resources"][function.logical_id()]["Properties"];
        let log_group = tagged(&properties["LoggingConfig"]["LogGroup"]).unwrap();
        let events = properties["Events"].as_mapping().unwrap().values();
        let queues = events.filter(|event| event["Type"] == "SQS").map(|event| {
            let queue = tagged(&event["Properties"]["Queue"]).unwrap();
            queue.strip_suffix(".Arn").unwrap()
        });
        let logging = OF_LAMBDA[..2].iter().map(|action| ((*action).to_owned(), log_group.to_owned()));
        let taking =
            queues.flat_map(|queue| OF_LAMBDA[2..].iter().map(|action| ((*action).to_owned(), queue.to_owned())));
        let wanted: BTreeSet<(String, String)> = logging.chain(taking).collect();
        let allowed = of_function(&template, function).into_iter();
        let allowed = allowed.filter(|grant| OF_LAMBDA.contains(&grant.action.as_str()));
        let allowed: BTreeSet<_> = allowed.map(|grant| (grant.action, grant.on)).collect();
        assert_eq!(allowed, wanted, "{}", function.as_str());
    }
}

/// X-Ray knows no resources; nothing else is allowed on everything.
#[test]
fn only_tracing_is_allowed_on_everything() {
    let template = template();
    for function in Function::ALL {
        let role = &template["Resources"][role_of(&template, function)]["Properties"];
        let managed: Vec<_> = listed(&role["ManagedPolicyArns"]).into_iter().map(tagged).collect();
        assert_eq!(managed, [Some("TracingPolicy")], "{}", function.as_str());
    }
    let statements = listed(&template["Resources"]["TracingPolicy"]["Properties"]["PolicyDocument"]["Statement"]);
    let actions: Vec<_> = statements.into_iter().flat_map(|statement| listed(&statement["Action"])).collect();
    assert_eq!(actions, ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]);
    for grant in all_granted() {
        assert!(!["*", "table/*", "bucket/*"].contains(&grant.on.as_str()), "{grant:?}");
    }
}

/// The bank's keys cannot be limited to reading: whoever holds one can move money.
#[test]
fn the_payment_worker_alone_holds_the_key_that_moves_money() {
    let holders: BTreeSet<Function> =
        granted().into_iter().filter(|grant| matches(&grant.on, "secret/column-api-key")).map(|g| g.function).collect();
    assert_eq!(holders, BTreeSet::from([Function::PaymentWorker]));
}

#[test]
fn no_function_may_delete_an_entry_of_audit_or_history() {
    let removes = |grant: &Grant| {
        let deletes = ["dynamodb:Delete", "dynamodb:Update", "dynamodb:BatchWrite", "dynamodb:PartiQL", "dynamodb:*"];
        deletes.iter().any(|action| grant.action.starts_with(action))
    };
    for grant in all_granted().into_iter().filter(removes) {
        for entry in ["table/AUDIT#2026-03-02#0", "table/HISTORY#pay_1"] {
            assert!(!matches(&grant.on, entry), "{grant:?}");
        }
    }
}
