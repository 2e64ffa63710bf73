#!/usr/bin/env python3
"""Speaks to linnet-conformance as the Connect protocol's conformance runner does.

Usage: self_test.py LINNET_CONFORMANCE
"""
import base64
import http.client
import json
import signal
import struct
import subprocess
import sys

SERVICE = "/connectrpc.conformance.v1.ConformanceService/"
LIMIT = 1000


def varint(number):
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def fields(message):
    """The fields of a protobuf message with varints and bytes: {number: value}."""

    def read(at):
        value = shift = 0
        while True:
            value |= (message[at] & 0x7F) << shift
            shift += 7
            at += 1
            if message[at - 1] < 0x80:
                return value, at

    found, at = {}, 0
    while at < len(message):
        key, at = read(at)
        value, at = read(at)
        if key & 7 == 2:
            value, at = message[at : at + value], at + value
        found[key >> 3] = value
    return found


def start(binary):
    server = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    # ServerCompatRequest{protocol: Connect, http_version: 1, message_receive_limit}
    question = b"\x08\x01\x10\x01\x30" + varint(LIMIT)
    server.stdin.write(struct.pack(">I", len(question)) + question)
    server.stdin.close()
    size = struct.unpack(">I", server.stdout.read(4))[0]
    answer = fields(server.stdout.read(size))
    return server, answer[1].decode(), answer[2]


def main():
    server, host, port = start(sys.argv[1])
    connection = http.client.HTTPConnection(host, port, timeout=20)

    def ask(verb, path, body=None, headers=None):
        connection.request(verb, SERVICE + path, body, headers or {})
        response = connection.getresponse()
        return response, response.read()

    try:
        as_json = {"Content-Type": "application/json", "Connect-Protocol-Version": "1"}
        definition = {
            "responseHeaders": [{"name": "X-Head", "value": ["a", "b"]}],
            "responseTrailers": [{"name": "X-Tail", "value": ["c"]}],
            "responseData": base64.b64encode(b"data").decode(),
        }
        body = json.dumps({"responseDefinition": definition})
        response, text = ask("POST", "Unary", body, {**as_json, "X-Seen": "me", "Connect-Timeout-Ms": "5000"})
        payload = json.loads(text)["payload"]
        assert response.status == 200, text
        assert response.headers.get_all("X-Head") == ["a", "b"]
        assert response.headers["Trailer-X-Tail"] == "c"
        assert base64.b64decode(payload["data"]) == b"data"
        assert payload["requestInfo"]["timeoutMs"] == "5000"
        assert {"name": "X-Seen", "value": ["me"]} in payload["requestInfo"]["requestHeaders"]

        failing = {"error": {"code": "CODE_DATA_LOSS", "message": "gone"}}
        response, text = ask("POST", "Unary", json.dumps({"responseDefinition": failing}), as_json)
        error = json.loads(text)
        assert (response.status, error["code"], error["message"]) == (500, "data_loss", "gone"), text
        assert error["details"][0]["type"].endswith("ConformancePayload.RequestInfo")

        response, text = ask("GET", "IdempotentUnary?encoding=json&connect=v1&message=%7B%7D")
        seen = json.loads(text)["payload"]["requestInfo"]["connectGetInfo"]["queryParams"]
        assert {"name": "encoding", "value": ["json"]} in seen

        large = json.dumps({"requestData": base64.b64encode(b"x" * LIMIT).decode()})
        response, text = ask("POST", "Unary", large, as_json)
        assert (response.status, json.loads(text)["code"]) == (429, "resource_exhausted"), text

        late = json.dumps({"responseDefinition": {"responseDelayMs": 5000}})
        response, text = ask("POST", "Unary", late, {**as_json, "Connect-Timeout-Ms": "50"})
        assert (response.status, json.loads(text)["code"]) == (504, "deadline_exceeded"), text

        response, _ = ask("POST", "ServerStream", "{}", as_json)
        assert response.status == 404
    finally:
        server.send_signal(signal.SIGTERM)
        status = server.wait(20)
    assert status == 0, status


main()
