#!/usr/bin/env python3
"""Side by side: Linnet, the floors, and other servers of messages, on this machine.

Usage: compare.py BUILD_DIR [durable] [options of linnet bench]; ./dev bench compare [durable] [options]

Without `durable`: the handing on of a message to whoever is connected (`linnet bench fanout`). With it: keeping messages, each
client waiting until its own is kept (`linnet bench durable`), as often synced to the disk as a peer can be told to.

Mosquitto, NATS and Redis are those of PATH, or Debian's packages, which are unpacked into BUILD_DIR/peers and installed
nowhere; so is ws from npm. Each is started on a free port of loopback, with its own defaults but for limits of connections and
what it writes to disk; for the handing on, unless `--no-pin` is said, on the first processor. Then the bench runs them all by
turns, and its table is printed, the best first. A peer that cannot be had is named and left out. Exit status: that of the bench.
"""
import json
import os
import pathlib
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE_S = 10


class Missing(Exception):
    """Why a peer cannot be had."""


def run(*command, cwd=None):
    done = subprocess.run(command, cwd=cwd, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    if done.returncode != 0:
        raise Missing(f'{command[0]} failed: ' + (done.stderr.strip().splitlines() or ['?'])[-1])
    return done.stdout


def unpacked(package, program, peers):
    """The program from a Debian package that is not installed, with the libraries that are not either."""
    root = peers / package
    found = root / program
    if not found.exists():
        if not shutil.which('apt-get') or not shutil.which('dpkg'):
            raise Missing('no apt-get here')
        needed = [line.split()[1].split('_')[0]
                  for line in run('apt-get', 'install', '--print-uris', '-qq', '-y', '--no-install-recommends',
                                  package).splitlines() if line.startswith("'")]
        with tempfile.TemporaryDirectory(dir=peers) as folder:
            # apt drops root's rights for the download.
            os.chmod(folder, 0o777)
            run('apt-get', 'download', '-qq', *needed, cwd=folder)
            for file in pathlib.Path(folder).glob('*.deb'):
                run('dpkg', '-x', str(file), str(root))
    if not found.exists():
        raise Missing(f'{program} is not in the package {package}')
    return found, {'LD_LIBRARY_PATH': ':'.join(str(folder) for folder in root.glob('usr/lib/*-linux-*'))}


def program(name, package, path, peers):
    """(executable, environment) of a program."""
    installed = shutil.which(name) or shutil.which(name, path='/usr/sbin:/usr/local/sbin')
    return (installed, {}) if installed else unpacked(package, path, peers)


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def redis(peers, folder, port):
    executable, environment = program('redis-server', 'redis-server', 'usr/bin/redis-server', peers)
    return [executable, '--bind', '127.0.0.1', '--port', str(port), '--save', '', '--appendonly', 'no', '--maxclients',
            '30000', '--dir', str(folder)], environment


def nats(peers, folder, port):
    executable, environment = program('nats-server', 'nats-server', 'usr/sbin/nats-server', peers)
    config = folder / 'nats.conf'
    config.write_text(f'host: 127.0.0.1\nport: {port}\nmax_connections: 100000\nping_interval: "1h"\n')
    return [executable, '-c', str(config)], environment


def mosquitto(peers, folder, port):
    executable, environment = program('mosquitto', 'mosquitto', 'usr/sbin/mosquitto', peers)
    config = folder / 'mosquitto.conf'
    config.write_text(f'listener {port} 127.0.0.1\nallow_anonymous true\nlog_type error\n')
    return [executable, '-c', str(config)], environment


def ws(peers, folder, port):
    if not shutil.which('node') or not shutil.which('npm'):
        raise Missing('no node or npm here')
    packages = peers / 'ws'
    packages.mkdir(exist_ok=True)
    if not (packages / 'node_modules' / 'ws').exists():
        run('npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', 'ws', cwd=packages)
    return [shutil.which('node'), str(HERE / 'peers' / 'ws_server.mjs'), str(port)], {}


def redis_durable(peers, folder, port):
    command, environment = redis(peers, folder, port)
    command[command.index('--appendonly') + 1] = 'yes'
    return command + ['--appendfsync', 'always', '--auto-aof-rewrite-percentage', '0'], environment


def nats_durable(peers, folder, port):
    command, environment = nats(peers, folder, port)
    with open(command[-1], 'a', encoding='utf-8') as config:
        config.write(f'jetstream {{ store_dir: "{folder}/jetstream" }}\n')
    return command, environment


def mosquitto_durable(peers, folder, port):
    raise Missing('it saves what it has now and then, and answers before that')


# name, dialect of the bench, how to start it
PEERS = (('Redis', 'redis', redis), ('NATS', 'nats', nats), ('Mosquitto', 'mqtt', mosquitto), ('node ws', 'ws', ws))
DURABLE_PEERS = (('Redis, appendfsync always', 'redis', redis_durable),
                 # 2.9 has no setting for it: it answers when the message is in a file, and syncs that every two minutes.
                 ('NATS JetStream, not synced', 'nats', nats_durable), ('Mosquitto', 'mqtt', mosquitto_durable))


def start(make, peers, folder, pinned):
    """(process, port), when it takes connections."""
    port = free_port()
    command, environment = make(peers, folder, port)

    def prepare():
        if pinned and len(os.sched_getaffinity(0)) > 1:
            os.sched_setaffinity(0, {0})

    with open(folder / 'log', 'ab') as log:
        process = subprocess.Popen([str(word) for word in command], env={**os.environ, **environment}, stdout=log,
                                   stderr=log, stdin=subprocess.DEVNULL, preexec_fn=prepare,
                                   cwd=peers / 'ws' if make is ws else folder)
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(('127.0.0.1', port), 1).close()
            return process, port
        except OSError:
            time.sleep(0.05)
    stop(process)
    raise Missing('it does not start: ' + (folder / 'log').read_text(errors='replace')[-300:].strip())


def stop(process):
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def table(scenario):
    """The rows of each case, the best first."""
    lines = []
    cases = {}
    for row in scenario['rows']:
        cases.setdefault((row['members'], row['bytes'], row['burst'], row['messages_per_s']), []).append(row)
    for (members, size, burst, rate), rows in cases.items():
        lines.append(f'\n{members:.0f} members, {size:.0f} bytes, {burst:.0f} published at once, '
                     f'{rate:.0f} messages/s')
        lines.append('| server | deliveries per CPU second | CPU us/delivery | of the floor | p50 ms | p99 ms | wire bytes |')
        lines.append('| --- | --- | --- | --- | --- | --- | --- |')
        for row in sorted(rows, key=lambda one: one['server_cpu_us_per_delivery']):
            cost = row['server_cpu_us_per_delivery']
            ratio = row['cpu_ratio']
            lines.append(f'| {row["server"]} | {1e6 / cost:,.0f} | {cost:.2f} | '
                         f'{ratio if isinstance(ratio, str) else format(ratio, ".2f")} | {row["p50_ms"]:.1f} | '
                         f'{row["p99_ms"]:.1f} | {row["wire_bytes_per_delivery"]:.0f} |')
    return lines


def durable_table(scenario):
    """The rows of each number of clients, the best first."""
    lines = []
    cases = {}
    for row in scenario['rows']:
        cases.setdefault(row['clients'], []).append(row)
    for clients, rows in cases.items():
        lines.append(f'\n{clients:.0f} clients that wait')
        lines.append('| server | kept/s | p50 ms | p99 ms | server CPU us/message | Linnet over it |')
        lines.append('| --- | --- | --- | --- | --- | --- |')
        for row in sorted(rows, key=lambda one: -one['kept_per_s']):
            lines.append(f'| {row["server"]} | {row["kept_per_s"]:,.0f} | {row["p50_ms"]:.2f} | {row["p99_ms"]:.2f} | '
                         f'{row["server_cpu_us_per_message"]:.1f} | {row["linnet_over_it"]:.2f} |')
    return lines


def main():
    arguments = sys.argv[2:]
    durable = arguments[:1] == ['durable']
    if durable:
        scenario, known, show = ['durable', '--payload', '200', '--connections', '1,64,256'], DURABLE_PEERS, durable_table
        arguments = arguments[1:]
    else:
        scenario, known, show = ['fanout', '--hot', '0', '--stuck', '0', '--load', '60000'], PEERS, table
    pinned = not durable and '--no-pin' not in arguments
    build = pathlib.Path(sys.argv[1]).resolve()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    peers = build / 'peers'
    peers.mkdir(exist_ok=True)
    processes, peer_arguments, left_out = [], [], []
    with tempfile.TemporaryDirectory() as temporary:
        try:
            for name, dialect, make in known:
                folder = pathlib.Path(temporary) / dialect
                folder.mkdir()
                try:
                    process, port = start(make, peers, folder, pinned)
                except (Missing, OSError, subprocess.SubprocessError) as why:
                    left_out.append(f'{name}: {why}')
                    continue
                processes.append(process)
                peer_arguments += ['--peer', f'{name}={dialect}:127.0.0.1:{port}:{process.pid}']
            figures = pathlib.Path(temporary) / 'figures.json'
            bench = subprocess.run([build / 'linnet', 'bench', *scenario, *peer_arguments, *arguments, '--json', figures],
                                   check=False)
            if figures.exists():
                print('\n'.join(show(json.loads(figures.read_text())['scenarios'][0])))
            for line in left_out:
                print(f'left out: {line}')
            sys.exit(bench.returncode)
        finally:
            for process in processes:
                stop(process)


if __name__ == '__main__':
    main()
