// The JavaScript side of the guide: a detached learn that nobody waits for, and an enhance through a shell.
const { spawn, execSync } = require('child_process');
const assert = require('assert');

function learnInTheBackground(content, source = 'ai-conversation') {
    const child = spawn('kuzu-memory', [
        'learn', content,
        '--source', source,
        '--quiet'
    ], {
        detached: true,
        stdio: 'ignore'
    });
    child.unref();
    console.log('Learning task submitted');
    return child;
}

function enhanceNow(prompt) {
    try {
        const result = execSync(`kuzu-memory enhance "${prompt}" --format plain`, {
            encoding: 'utf8',
            timeout: 5000
        });
        return result.trim();
    } catch (error) {
        return prompt; // the fallback
    }
}

function whenLearnt(done) {
    execSync('kuzu-memory tasks wait --all --timeout 30');
    done();
}

const before = enhanceNow('How do I handle promises?');
assert.strictEqual(before, 'How do I handle promises?');

const child = learnInTheBackground('User prefers async/await patterns');
const keepAlive = setInterval(() => {}, 1000); // this test, unlike the example, wants to see how the child ends
child.on('exit', (code) => {
    clearInterval(keepAlive);
    assert.strictEqual(code, 0);
    whenLearnt(() => {
        const enhanced = enhanceNow('How do I handle promises?');
        assert.ok(enhanced.includes('User prefers async/await patterns'), enhanced);
        assert.ok(enhanced.endsWith('How do I handle promises?'), enhanced);
        const quoted = enhanceNow("It's a prompt with 'quotes', $ and a new line\nand async/await code: `x`".replace(/[`$]/g, '\\$&'));
        assert.ok(quoted.endsWith("It's a prompt with 'quotes', $ and a new line\nand async/await code: `x`"), quoted);
        const recent = JSON.parse(execSync('kuzu-memory recent --format json', { encoding: 'utf8' }));
        assert.strictEqual(recent.memories[0].source, 'ai-conversation');
        console.log('all examples hold');
    });
});
