"""A server of its own and a real browser, driven by the DevTools protocol over a pair of pipes: nothing but Python's
standard library is used."""
import base64
import json
import os
import select
import shutil
import signal
import subprocess
import time

PATIENCE = 30.0
CODE = '123456'
CHROMIUM = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None)
FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
         '--disable-component-update', '--disable-sync', '--disable-extensions', '--disable-dev-shm-usage',
         '--disable-background-timer-throttling', '--disable-renderer-backgrounding',
         '--disable-backgrounding-occluded-windows', '--window-size=1100,760']


def stop(process):
    """Ends a process that this test started, and waits for it."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Server:
    """The server under test; restart() keeps its data and its port."""

    def __init__(self, binary, data):
        self.binary, self.data, self.http = binary, data, '127.0.0.1:0'
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [self.binary, '--tcp-listen', '127.0.0.1:0', '--http-listen', self.http, '--set', 'grpc.listen=', '--data-dir', self.data,
             '--dev-code', CODE], stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            words = line.split()
            if words and words[0] == 'http':
                self.http = words[1]
                return
        raise AssertionError('the server ended without telling its HTTP address')

    def back_up(self, to):
        subprocess.run([self.binary, 'backup', to, '--data-dir', self.data], check=True, capture_output=True)

    def restore(self, backup):
        subprocess.run([self.binary, 'restore', backup, '--data-dir', self.data, '--replace'], check=True, capture_output=True)

    def stop(self):
        stop(self.process)
        self.process.stdout.close()


class Browser:
    """Chromium, spoken to by messages of JSON with a zero byte behind each."""

    def __init__(self, profile):
        down, self.write_end = os.pipe()
        self.read_end, up = os.pipe()
        # Chromium wants the pipes as descriptors 3 and 4; a shell puts them there.
        script = f'exec "$@" 3<&{down} 4>&{up}'
        self.log = open(os.path.join(profile, 'log'), 'wb')
        self.process = subprocess.Popen(
            ['/bin/sh', '-c', script, 'sh', CHROMIUM, *FLAGS, '--remote-debugging-pipe', f'--user-data-dir={profile}',
             'about:blank'], pass_fds=(down, up), stdout=self.log, stderr=self.log)
        os.close(down)
        os.close(up)
        self.received, self.next_id, self.complaints = b'', 0, []

    def call(self, method, session=None, **params):
        self.next_id += 1
        message = {'id': self.next_id, 'method': method, 'params': params}
        if session:
            message['sessionId'] = session
        os.write(self.write_end, json.dumps(message).encode() + b'\0')
        while True:
            answer = self.read()
            if answer.get('id') != self.next_id:
                self.note(answer)
            elif 'error' in answer:
                raise AssertionError(f'{method}: {answer["error"]}')
            else:
                return answer['result']

    def read(self):
        until = time.monotonic() + PATIENCE
        while b'\0' not in self.received:
            ready, _, _ = select.select([self.read_end], [], [], max(0, until - time.monotonic()))
            chunk = os.read(self.read_end, 1 << 16) if ready else b''
            if not chunk:
                raise AssertionError('the browser does not answer')
            self.received += chunk
        message, self.received = self.received.split(b'\0', 1)
        return json.loads(message)

    def note(self, event):
        """Keeps what a page must never cause: exceptions, and violations of its Content-Security-Policy."""
        params = event.get('params', {})
        if event.get('method') == 'Runtime.exceptionThrown':
            self.complaints.append(json.dumps(params['exceptionDetails'])[:500])
        text = params.get('entry', {}).get('text', '')
        if 'Content Security Policy' in text:
            self.complaints.append(text)

    def stop(self):
        stop(self.process)
        self.log.close()
        os.close(self.write_end)
        os.close(self.read_end)


class Window:
    """One window of the browser: what a person does and sees there."""

    def __init__(self, browser, url, width=1100, height=760):
        self.browser = browser
        self.target = browser.call('Target.createTarget', url='about:blank', newWindow=True)['targetId']
        self.session = browser.call('Target.attachToTarget', targetId=self.target, flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Log'):
            self.call(domain + '.enable')
        self.resize(width, height)
        self.go(url)

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def resize(self, width, height, phone=False):
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=height,
                  deviceScaleFactor=2 if phone else 1, mobile=phone)

    def go(self, url):
        self.call('Page.navigate', url=url)
        self.until('the page is loaded', 'document.readyState === "complete" && '
                   f'location.href.startsWith({json.dumps(url)})')

    def close(self):
        self.browser.call('Target.closeTarget', targetId=self.target)

    def ask(self, expression):
        answer = self.call('Runtime.evaluate', expression=expression, returnByValue=True)
        if 'exceptionDetails' in answer:
            return None  # the page is on its way
        return answer['result'].get('value')

    def until(self, what, expression, limit=PATIENCE):
        """Waits until the expression is true in the page, and returns its value."""
        until = time.monotonic() + limit
        while time.monotonic() < until:
            value = self.ask(expression)
            if value:
                return value
            time.sleep(0.05)
        seen = self.ask('document.body.innerText')
        raise AssertionError(f'waited in vain until {what}; the page shows:\n{seen}')

    def visible(self, element):
        return (f'(e => e && e.offsetParent !== null && !e.disabled)(document.getElementById({json.dumps(element)}))')

    def text(self, element):
        return self.ask(f'document.getElementById({json.dumps(element)}).textContent')

    def click(self, element):
        self.until(f'{element} can be clicked', self.visible(element))
        x, y = self.ask(f'(r => [r.x + r.width / 2, r.y + r.height / 2])'
                        f'(document.getElementById({json.dumps(element)}).getBoundingClientRect())')
        for kind in ('mousePressed', 'mouseReleased'):
            self.call('Input.dispatchMouseEvent', type=kind, x=x, y=y, button='left', clickCount=1)

    def write(self, element, text):
        self.click(element)
        self.until(f'{element} has the focus', f'document.activeElement.id === {json.dumps(element)}')
        self.call('Input.insertText', text=text)

    def sign_in(self, phone, name=''):
        self.write('phone', phone)
        self.write('code', CODE)
        if name:
            self.write('name', name)
        self.click('sign-in')
        self.online()
        return self.text('my-id')

    def online(self):
        self.until('it is connected', 'document.getElementById("status").dataset.state === "online"')

    def open_chat(self, friend, name):
        """When the list of friends is there: until then a row shows who has written, and is replaced."""
        self.until('the list of friends is there', f'document.querySelector("#friend-{friend} b")?.textContent === "{name}"')
        self.click('friend-' + friend)

    def say(self, text):
        self.write('message', text)
        self.click('send')

    def api(self, method, **request):
        """A call by who is signed in here, for what the page has no button for."""
        sent = (f'fetch("/pb.LogicExt/{method}", {{method: "POST", headers: {{"Content-Type": "application/json", '
                'Authorization: "Bearer " + JSON.parse(sessionStorage.linnet).token}, '
                f'body: {json.dumps(json.dumps(request))}}}).then(answer => answer.status)')
        answer = self.call('Runtime.evaluate', expression=sent, awaitPromise=True, returnByValue=True)
        assert answer['result'].get('value') == 200, (method, answer)

    def press_enter(self):
        for kind in ('keyDown', 'keyUp'):
            self.call('Input.dispatchKeyEvent', type=kind, key='Enter', code='Enter', windowsVirtualKeyCode=13, text='\r')

    def messages(self):
        return self.ask('[...document.querySelectorAll("#messages .message .text")].map(e => e.textContent)') or []

    def expect(self, texts):
        """Waits for exactly these messages, and for all of them to be settled."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if self.messages() == texts and not self.ask('document.querySelector(".message.sending") !== null'):
                return
            time.sleep(0.05)
        assert self.messages() == texts, f'expected {texts}, the page shows {self.messages()}'

    def screenshot(self, path):
        data = self.call('Page.captureScreenshot', format='png')['data']
        with open(path, 'wb') as file:
            file.write(base64.b64decode(data))
