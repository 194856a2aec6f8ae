"""The makers' own clients through the gateway. Arguments: the server's URL."""

import sys

import anthropic
import openai

url = sys.argv[1]
ours = {"X-Session-Id": "sdk", "X-Agent-Id": "pilot", "X-Tenant-Id": "acme"}
says = "The harbour is Bremerhaven."
asks = [{"role": "user", "content": "What is the harbour pilot called?"}]

one = openai.OpenAI(base_url=url + "/v1", api_key="sk-openai", default_headers=ours, max_retries=1)
assert one.chat.completions.create(model="echo", messages=asks).choices[0].message.content == says
stream = one.chat.completions.create(model="slow", messages=asks, stream=True)
assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == says
response = one.responses.create(model="echo", input=asks)
assert response.output_text == says, response
with one.responses.stream(model="echo", input=asks[0]["content"]) as events:
    assert events.get_final_response().output_text == says
assert [model.id for model in one.models.list()] == ["echo"]
try:
    one.chat.completions.create(model="fail-429", messages=asks)
    raise SystemExit("429 was no error")
except openai.RateLimitError as error:
    assert error.body["message"] == "too much" and error.request_id == "of-the-model", error

two = anthropic.Anthropic(base_url=url, api_key="sk-anthropic", default_headers=ours, max_retries=1)
assert two.messages.create(model="echo", max_tokens=9, messages=asks).content[0].text == says
with two.messages.stream(model="slow", max_tokens=9, messages=asks) as stream:
    assert "".join(stream.text_stream) == says
    assert stream.get_final_message().stop_reason == "end_turn"
try:
    two.messages.create(model="fail-529", max_tokens=9, messages=asks)
    raise SystemExit("529 was no error")
except anthropic.APIStatusError as error:
    assert error.status_code == 529 and "too much" in str(error), error

# A failure of the gateway's own is one of the makers' errors too.
bad = openai.OpenAI(base_url=url + "/v1", api_key="x", default_headers={**ours, "X-Tenant-Id": "no/tenant"})
try:
    bad.chat.completions.create(model="echo", messages=asks)
    raise SystemExit("a bad tenant was no error")
except openai.BadRequestError as error:
    assert "tenant" in str(error), error
