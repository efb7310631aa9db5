"""What everybody may ask a user pool who knows its client: signing up and in takes no permission, on AWS either."""

import base64
import hashlib
import hmac
import os

from .credentials import fetch
from .play import client, code_of
from .words import ALLOWED

CLIENT = os.environ["PEOPLE_CLIENT_ID"]
SECRET = os.environ["PEOPLE_CLIENT_SECRET"]


def proof(user):
    digest = hmac.new(SECRET.encode(), (user + CLIENT).encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def check(role, run, tell):
    user = f"{run}-{role}@example.com"
    new = {"ClientId": CLIENT, "Username": user, "Password": "Some-password-1"}
    new["UserAttributes"] = [{"Name": "email", "Value": user}]
    wrong = base64.b64encode(b"a" * 32).decode()
    ask = client("cognito-idp")

    def signs_up(**more):
        return code_of(lambda: ask.sign_up(**new, **more))[0]

    def signs_in(password, hashed):
        given = {"USERNAME": user, "PASSWORD": password, "SECRET_HASH": hashed}
        return code_of(lambda: ask.initiate_auth(ClientId=CLIENT, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given))[0]

    tell("people: sign_up without proof", signs_up(), "NotAuthorizedException")
    tell("people: sign_up with a wrong proof", signs_up(SecretHash=wrong), "NotAuthorizedException")
    tell("people: sign_up", signs_up(SecretHash=proof(user)), ALLOWED)
    tell("people: sign_up again", signs_up(SecretHash=proof(user)), "UsernameExistsException")
    tell("people: get_user with a wrong token", code_of(lambda: ask.get_user(AccessToken="a"))[0], "NotAuthorizedException")
    confirm = {"UserPoolId": os.environ["PEOPLE_ID"], "Username": user}
    confirmed = code_of(lambda: ask.admin_confirm_sign_up(**confirm))[0]
    tell("people: admin_confirm_sign_up", confirmed, ALLOWED if role == "connected" else "AccessDeniedException")
    if role == "connected":
        wrong_password = signs_in("Another-password-1", proof(user))
        tell("people: initiate_auth with a wrong password", wrong_password, "NotAuthorizedException")
    tell("people: initiate_auth with a wrong proof", signs_in("Some-password-1", wrong), "NotAuthorizedException")
    signed_in = signs_in("Some-password-1", proof(user))
    tell("people: initiate_auth", signed_in, ALLOWED if role == "connected" else "UserNotConfirmedException")
    keys = f"{os.environ['AWS_ENDPOINT_URL']}/{os.environ['PEOPLE_ID']}/.well-known/jwks.json"
    tell("people: keys of its tokens", fetch(keys)[0], 200)
