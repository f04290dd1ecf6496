"""The functions' roles as the emulator can enforce them.

MiniStack with AUTH runs each function under its role and refuses what the role does not allow, as AWS does: actions on resources. It knows
no conditions on keys of the table. In three things it is not AWS, and only these are changed on it, never in the template.
"""

import json


def make_enforceable(stack):
    for role in stack.of_type("AWS::IAM::Role"):
        for name in stack.iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = stack.iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            document["Statement"] = [_as_asked(stack, statement) for statement in document["Statement"]]
            stack.iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))
    # The bucket refuses whoever comes without TLS, which the emulator does not speak.
    stack.s3.delete_bucket_policy(Bucket=stack.outputs["BucketName"])


def _as_asked(stack, statement):
    actions, resources = _listed(statement["Action"]), _listed(statement["Resource"])
    if "sqs:SendMessage" in actions:
        # On AWS this allows the batch as well; there is no action of the other name.
        actions.append("sqs:SendMessageBatch")
    if "secretsmanager:GetSecretValue" in actions:
        # A template's reference to a secret is its ARN on AWS, its name here.
        resources = [stack.secrets.describe_secret(SecretId=secret)["ARN"] for secret in resources]
    return statement | {"Action": actions, "Resource": resources}


def _listed(value):
    return list(value) if isinstance(value, list) else [value]
