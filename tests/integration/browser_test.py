#!/usr/bin/env python3
"""Two people chat in two browser windows: the server's page, in a real browser, against the real server.

Usage: browser_test.py SERVER_BINARY [SCREENSHOT.png]

Needs Chromium; without it the test is skipped (exit code 77). The browser is driven by the DevTools protocol over a
pair of pipes, so nothing but Python's standard library is used. Beside SCREENSHOT.png, SCREENSHOT-phone.png and
SCREENSHOT-sign-in.png are written.
"""
import json
import sys
import tempfile

from page_driver import CHROMIUM, Browser, Server, Window


def become_friends(anna, ben, anna_id, ben_id):
    anna.write('friend-id', ben_id)
    anna.click('add-friend')
    ben.click('agree-' + anna_id)
    ben.until('Ben has a friend', ben.visible('friend-' + anna_id))
    anna.click('friend-' + ben_id)


def one_tab_of_a_device(browser, url, anna, ben, anna_id, ben_id):
    """A copy of Anna's tab is the same device and takes its place; nothing is sent from the older one until it is wanted again."""
    said = anna.messages()
    ben.api('BlockUser', userId=anna_id)
    anna.say('refused at first')
    anna.until('the message is refused', 'document.querySelector(".message.failed button") !== null')
    ben.api('UnblockUser', userId=anna_id)
    copy = Window(browser, url)
    copy.ask('sessionStorage.linnet = ' + json.dumps(anna.ask('sessionStorage.linnet')))
    copy.go('about:blank')
    copy.go(url)
    copy.online()
    anna.until('the older tab has stopped', 'document.getElementById("status").dataset.state === "stopped"')

    anna.ask('window.calls = 0; const real = fetch;'
             'window.fetch = (...all) => { calls += all[0].endsWith("/SendMessage"); return real(...all); }; true')
    anna.write('message', 'written in the older tab')
    anna.press_enter()
    anna.ask('document.querySelector(".message.failed button").click()')  # calls at once what it calls
    assert anna.ask('calls') == 0 and anna.ask('document.getElementById("send").disabled'), anna.ask('calls')
    assert anna.ask('document.getElementById("message").value') == 'written in the older tab'
    assert anna.messages() == said + ['refused at first']
    copy.open_chat(ben_id, 'Ben')
    copy.say('written in the newer tab')
    copy.until('it is sent', 'document.querySelector(".message.mine:last-child:not(.sending)") !== null')

    anna.resize(390, 780, phone=True)  # where one sees the chat only
    anna.click('use-here')
    anna.online()
    anna.resize(1100, 760)
    copy.until('the newer tab has stopped', 'document.getElementById("status").dataset.state === "stopped"')
    copy.close()
    anna.click('send')
    said += ['written in the newer tab', 'refused at first', 'written in the older tab']
    anna.expect(said)
    ben.until('Ben has them all', f'document.querySelector("#messages > :last-child .text").textContent === "{said[-1]}"')
    assert ben.messages()[-3:] == said[-3:], ben.messages()


def in_order_without_a_seq(anna, ben, anna_id):
    """What has no seq for good, a message that is kept nowhere or one that was not sent, stays above what is said later."""
    said = anna.messages()
    ben.api('SendMessage', receiverType='RT_USER', receiverId=anna_id, messageType='MT_TEXT', isPersist=False,
            messageContent={'text': 'in passing'})
    anna.expect(said + ['in passing'])
    ben.api('BlockUser', userId=anna_id)
    anna.say('refused')
    anna.until('the message is refused', 'document.querySelector(".message.failed") !== null')
    ben.api('UnblockUser', userId=anna_id)
    ben.say('said later')
    anna.expect(said + ['in passing', 'refused', 'said later'])
    anna.say('and this too')
    anna.expect(said + ['in passing', 'refused', 'said later', 'and this too'])


def requests_end(browser, url, anna, ben, anna_id):
    """A request that was taken back goes when one agrees to it, and one that is not wanted now at once and for good."""
    for phone, name in (('+49 30 1000004', 'Dora'), ('+49 30 1000005', 'Emil')):
        asker = Window(browser, url)
        asker_id = asker.sign_in(phone, name)
        asker.write('friend-id', anna_id)
        asker.click('add-friend')
        anna.until(f'{name} is seen to ask', anna.visible('agree-' + asker_id))
        anna.ask(f'document.getElementById("agree-{asker_id}").focus()')
        said = anna.messages()
        ben.say(f'{name} asks you')
        anna.expect(said + [f'{name} asks you'])
        assert anna.ask('document.activeElement.id') == 'agree-' + asker_id, 'a message takes the focus away'
        if name == 'Dora':
            asker.api('DeleteFriend', userId=anna_id)
            anna.click('agree-' + asker_id)
            anna.until('it is told', '/taken back/.test(document.getElementById("notice").textContent)')
        else:
            anna.click('later-' + asker_id)
        anna.until('the request is gone', f'document.getElementById("agree-{asker_id}") === null')
        asker.close()
    anna.go('about:blank')
    anna.go(url)
    anna.online()
    assert anna.ask('document.getElementById("requests-section").hidden'), 'a request came back'


def watch_rows(window):
    """Notes each message whose row is put into the open chat from now on."""
    window.ask('window.added = []; new MutationObserver(all => all.forEach(one => added.push(...[...one.addedNodes].map('
               'row => row.querySelector(".text").textContent)))).observe(document.getElementById("messages"), {childList: true})')


def only_what_is_new(anna, ben, ben_id):
    """A message that comes adds a row and leaves the others as they are; each says who wrote it, and the focus stays."""
    anna.open_chat(ben_id, 'Ben')
    said = anna.messages()
    assert anna.ask('document.getElementById("messages").getAttribute("role")') == 'log'
    watch_rows(anna)
    anna.ask('getSelection().selectAllChildren(document.querySelector("#messages .text"))')
    ben.say('a new one')
    anna.expect(said + ['a new one'])
    assert anna.ask('getSelection().toString()') == said[0], 'the selection is lost'
    anna.say('an answer')
    anna.expect(said + ['a new one', 'an answer'])
    assert anna.ask('added') == ['a new one', 'an answer'], anna.ask('added')
    assert anna.ask('[...document.querySelectorAll("#messages .unseen")].slice(-2).map(e => e.textContent)') == ['Ben: ', 'You: ']


def only_what_is_new_of_500(url, anna, ben, anna_id):
    """So too where an old message is forgotten for each that comes, and where one changes places with those below it."""
    ben.ask('(state => { state.messages = Array.from({length: 500}, (_, n) => ({peer: "' + anna_id + '", mine: n === 3, seq: 0, '
            'text: "old " + n, time: Date.now(), status: n === 3 ? "failed" : "sent", error: "", requestId: "3"}));'
            'sessionStorage.linnet = JSON.stringify(state); })(JSON.parse(sessionStorage.linnet))')
    ben.go('about:blank')
    ben.go(url)
    ben.online()
    ben.open_chat(anna_id, 'Anna')
    watch_rows(ben)
    anna.say('one more')
    old = [f'old {n}' for n in range(500)]
    ben.expect(old[1:] + ['one more'])
    ben.ask('document.querySelector(".message.failed button").click()')
    ben.expect(old[1:3] + old[4:] + ['one more', 'old 3'])
    assert ben.ask('added') == ['one more', 'old 3'], ben.ask('added')


def opened_at_its_end(browser, url, anna, ben_id):
    """A chat that is opened stands at its last message, wherever the chat before it was."""
    at_end = '(e => e.scrollHeight > e.clientHeight && e.scrollHeight - e.scrollTop - e.clientHeight < 2)(document.getElementById("messages"))'
    carl = Window(browser, url)
    carl_id = carl.sign_in('+49 30 1000003', 'Carl')
    become_friends(anna, carl, anna.text('my-id'), carl_id)
    for number in range(12):
        carl.api('SendMessage', receiverType='RT_USER', receiverId=anna.text('my-id'), messageType='MT_TEXT', isPersist=True,
                 messageContent={'text': f'number {number}'})
    carl.close()
    anna.expect([f'number {number}' for number in range(12)])
    anna.resize(1100, 360)
    for friend, name in ((ben_id, 'Ben'), (carl_id, 'Carl')):
        anna.ask('document.getElementById("messages").scrollTop = 0')
        anna.open_chat(friend, name)
        assert anna.ask(at_end), f'the chat with {name} does not stand at its end'
    anna.resize(1100, 760)
    anna.open_chat(ben_id, 'Ben')


def run(server, browser, screenshot):
    url = f'http://{server.http}/'
    anna = Window(browser, url)
    ben = Window(browser, url)
    if screenshot:
        anna.screenshot(screenshot.replace('.png', '-sign-in.png'))

    # A wrong code is told in words.
    anna.write('phone', '+49 30 1000001')
    anna.write('code', 'wrong')
    anna.click('sign-in')
    anna.until('the wrong code is told', '/code/.test(document.getElementById("sign-in-error").textContent)')
    anna.go('about:blank')
    anna.go(url)

    anna_id = anna.sign_in('+49 30 1000001', 'Anna')
    ben_id = ben.sign_in('+49 30 1000002', 'Ben')
    assert anna_id.isdigit() and ben_id.isdigit() and anna_id != ben_id, (anna_id, ben_id)
    become_friends(anna, ben, anna_id, ben_id)

    said = ['Hello Ben, how was the concert?']
    anna.say(said[0])
    ben.expect(said)
    for text in ('Wonderful. The birds sang along!', '<b>not bold</b> & <img src=x onerror=alert(1)>'):
        ben.say(text)
        said.append(text)
    anna.expect(said)
    assert anna.ask('document.querySelector("#messages b, #messages img") === null'), 'markup was inserted'

    # Ben leaves the page and comes back to it in the same window: what he missed is there once and in order.
    ben.go('about:blank')
    for text in ('one', 'two', 'three'):
        anna.say(text)
        said.append(text)
    anna.expect(said)
    ben.go(url)
    ben.online()
    ben.until('what was missed is counted', f'document.querySelector("#friend-{anna_id} .badge")?.textContent === "3"')
    ben.open_chat(anna_id, 'Anna')
    ben.expect(said)

    # The server is restarted; what is written meanwhile is sent when it is back, once. Anna is told so on a phone too.
    anna.resize(390, 780, phone=True)
    server.stop()
    anna.until('the loss is noticed', 'document.getElementById("status").dataset.state !== "online"')
    anna.until('the loss is seen', anna.visible('status'))
    anna.say('are you there?')
    said.append('are you there?')
    anna.until('the message waits', 'document.querySelector(".message.sending") !== null')
    anna.until('the wait is seen', f'{anna.visible("notice")} && /as soon as possible/.test(document.getElementById("notice").textContent)')
    anna.resize(1100, 760)
    server.start()
    anna.online()
    ben.online()
    anna.expect(said)
    ben.expect(said)
    if screenshot:
        ben.say('Yes. See you at eight by the river?')
        said.append('Yes. See you at eight by the river?')
        anna.expect(said)
        ben.expect(said)
        anna.screenshot(screenshot)
        ben.resize(390, 780, phone=True)
        ben.screenshot(screenshot.replace('.png', '-phone.png'))
        ben.resize(1100, 760)

    # Ben closes his window, and signs in again in a new one: a new device, which gets what he has not seen.
    ben.until('everything is acknowledged', 'document.getElementById("status").dataset.acknowledged === '
              'JSON.parse(sessionStorage.linnet).seq + ""')
    ben.close()
    for text in ('four', 'five'):
        anna.say(text)
        said.append(text)
    anna.expect(said)
    ben = Window(browser, url)
    assert ben.sign_in('+49 30 1000002') == ben_id
    ben.open_chat(anna_id, 'Anna')
    ben.expect(['four', 'five'])

    # A second window on the same account is another device: it shows what Anna writes elsewhere.
    other = Window(browser, url)
    assert other.sign_in('+49301000001') == anna_id
    other.open_chat(ben_id, 'Ben')
    before = other.messages()
    anna.say('from my first window')
    other.expect(before + ['from my first window'])

    other.close()

    # A backup is restored, and seqs are used that the windows have seen already: what is said from then on is seen.
    said.append('from my first window')
    anna.expect(said)
    anna.until('everything is acknowledged', 'document.getElementById("status").dataset.acknowledged === '
               'JSON.parse(sessionStorage.linnet).seq + ""')
    with tempfile.TemporaryDirectory() as copies:
        server.back_up(copies + '/one')
        for text in ('this is lost', 'this too'):
            ben.say(text)
        anna.expect(said + ['this is lost', 'this too'])
        server.stop()
        server.restore(copies + '/one')
        server.start()
    anna.online()
    ben.online()
    anna.expect(said)
    ben.say('you have lost nothing since')
    anna.expect(said + ['you have lost nothing since'])
    one_tab_of_a_device(browser, url, anna, ben, anna_id, ben_id)
    opened_at_its_end(browser, url, anna, ben_id)
    in_order_without_a_seq(anna, ben, anna_id)
    requests_end(browser, url, anna, ben, anna_id)
    only_what_is_new(anna, ben, ben_id)
    only_what_is_new_of_500(url, anna, ben, anna_id)

    assert not browser.complaints, browser.complaints


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    if not CHROMIUM:
        print('skipped: no Chromium')
        sys.exit(77)
    screenshot = sys.argv[2] if len(sys.argv) == 3 else None
    with tempfile.TemporaryDirectory() as data, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        server = Server(sys.argv[1], data)
        try:
            browser = Browser(profile)
            try:
                run(server, browser, screenshot)
            finally:
                browser.stop()
        finally:
            server.stop()
    print('ok: two people became friends, chatted, left, came back, and lost nothing')


if __name__ == '__main__':
    main()
