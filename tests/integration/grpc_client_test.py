#!/usr/bin/env python3
"""gRPC's own Python client against the real executable.

Usage: grpc_client_test.py LINNET PROTO_DIR

Skipped (77) where grpc or protobuf's Python packages are missing.
"""
import base64
import importlib
import pathlib
import subprocess
import sys
import tempfile

try:
    import grpc
    import google.protobuf  # noqa: F401
except ImportError as missing:
    print(f'skipped: {missing}')
    sys.exit(77)


def modules(proto_dir, out):
    files = sorted(str(path.relative_to(proto_dir)) for path in pathlib.Path(proto_dir).glob('pb/*.proto'))
    subprocess.run(['protoc', '-I', proto_dir, f'--python_out={out}', *files], check=True)
    sys.path.insert(0, str(out))
    return tuple(importlib.import_module(f'pb.{name}_pb2') for name in ('logic.ext', 'user.ext', 'reflection'))


class Server:
    def __init__(self, binary, data):
        self.process = subprocess.Popen(
            [binary, '--data-dir', data, '--dev-code', '0000', '--tcp-listen', '127.0.0.1:0', '--http-listen',
             '127.0.0.1:0', '--set', 'grpc.listen=127.0.0.1:0,127.0.0.1:0'],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addresses = []
        for line in self.process.stdout:
            kind, address = line.split()[:2]
            if kind == 'grpc':
                self.addresses.append(address)
            if kind == 'chat':
                break

    def stop(self):
        self.process.terminate()
        return self.process.wait(30)


def call(channel, path, request, response_type, metadata=()):
    stub = channel.unary_unary(path, request_serializer=type(request).SerializeToString,
                               response_deserializer=response_type.FromString)
    return stub(request, metadata=metadata, timeout=30)


def check_reflection(channel, reflection):
    stream = channel.stream_stream('/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
                                   request_serializer=reflection.ServerReflectionRequest.SerializeToString,
                                   response_deserializer=reflection.ServerReflectionResponse.FromString)
    answers = list(stream(iter([reflection.ServerReflectionRequest(list_services='*'),
                                reflection.ServerReflectionRequest(file_containing_symbol='pb.UserExt')]),
                          timeout=30))
    names = {service.name for service in answers[0].list_services_response.service}
    assert {'pb.LogicExt', 'pb.UserExt'} <= names, names
    assert len(answers[1].file_descriptor_response.file_descriptor_proto) > 2, answers[1]


def main():
    binary, proto_dir = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as work:
        out = pathlib.Path(work) / 'py'
        out.mkdir()
        logic, user, reflection = modules(proto_dir, out)
        server = Server(binary, str(pathlib.Path(work) / 'data'))
        try:
            assert len(server.addresses) == 2, server.addresses
            # As the lineage's apps do: one service on each address.
            with grpc.insecure_channel(server.addresses[0]) as logic_channel, \
                    grpc.insecure_channel(server.addresses[1]) as user_channel:
                device = call(logic_channel, '/pb.LogicExt/RegisterDevice',
                              logic.RegisterDeviceReq(type=5, brand='b', model='m', system_version='s',
                                                      sdk_version='v'), logic.RegisterDeviceResp)
                signed_in = call(user_channel, '/pb.UserExt/SignIn',
                                 user.SignInReq(phone_number='100', code='0000', device_id=device.device_id),
                                 user.SignInResp)
                metadata = (('user_id', str(signed_in.user_id)), ('device_id', str(device.device_id)),
                            ('token', signed_in.token))
                group = call(logic_channel, '/pb.LogicExt/CreateGroup', logic.CreateGroupReq(name='g', type=2),
                             logic.CreateGroupResp, metadata)
                sent = call(logic_channel, '/pb.LogicExt/SendMessage',
                            logic.SendMessageReq(receiver_type=3, receiver_id=group.group_id, message_type=8,
                                                 message_content=b'', is_persist=True),
                            logic.SendMessageResp, metadata)
                assert sent.seq == 1, sent
                try:
                    call(logic_channel, '/pb.LogicExt/GetGroup', logic.GetGroupReq(group_id=999),
                         logic.GetGroupResp, metadata)
                    raise AssertionError('a group that is not there was got')
                except grpc.RpcError as error:
                    # Python's client knows no codes of others; the details name it.
                    details = dict(error.trailing_metadata())['grpc-status-details-bin']
                    assert b'EC_GROUP_NOT_EXIST' in details, base64.b64encode(details)
                    assert error.details(), 'no sentence'
                check_reflection(logic_channel, reflection)
        finally:
            status = server.stop()
        assert status == 0, status
    print('ok')


if __name__ == '__main__':
    main()
