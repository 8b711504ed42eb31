"""The Python side of the guide: calls the installed program the way its readers do, and says what came back."""
import json
import subprocess
import sys
import time


def learn_in_the_background():
    start = time.time()
    subprocess.run([
        'kuzu-memory', 'learn',
        'User prefers detailed error messages',
        '--source', 'user-preference',
        '--quiet'
    ], check=False)
    elapsed = (time.time() - start) * 1000
    print(f"Learning submission took {elapsed:.1f}ms")
    return elapsed


def enhance_now():
    start = time.time()
    result = subprocess.run([
        'kuzu-memory', 'enhance',
        'How should I handle errors?',
        '--format', 'plain'
    ], capture_output=True, text=True, check=True)
    elapsed = (time.time() - start) * 1000
    print(f"Enhancement took {elapsed:.1f}ms")
    return result.stdout.strip(), elapsed


def track_a_task():
    result = subprocess.run([
        'kuzu-memory', 'learn',
        'Important project decision',
        '--format', 'json'
    ], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    task_id = json.loads(result.stdout).get('task_id')
    print(f"Task {task_id} submitted")
    return task_id


def check_task_status(task_id):
    """What the guide calls a future feature."""
    result = subprocess.run(['kuzu-memory', 'tasks', 'wait', task_id, '--timeout', '30', '--format', 'json'],
                            capture_output=True, text=True, check=True)
    return json.loads(result.stdout)['state']


def learn_robustly(content):
    try:
        subprocess.run([
            'kuzu-memory', 'learn', content, '--quiet'
        ], check=False, timeout=10)
        return True
    except subprocess.TimeoutExpired:
        print("Learning task submission timed out")
        return False


def main():
    submission = learn_in_the_background()
    subprocess.run(['kuzu-memory', 'tasks', 'wait', '--all', '--timeout', '30'], check=True, stdout=subprocess.DEVNULL)
    enhanced, enhancement = enhance_now()
    assert 'User prefers detailed error messages' in enhanced, enhanced
    assert enhanced.endswith('How should I handle errors?'), enhanced
    task_id = track_a_task()
    assert check_task_status(task_id) == 'completed'
    assert learn_robustly('Failures of the memory must not stop the main flow')
    subprocess.run(['kuzu-memory', 'tasks', 'wait', '--all', '--timeout', '30'], check=True, stdout=subprocess.DEVNULL)
    # Far above what the guide promises (5 ms and 100 ms): a test machine may be busy. `make bench` measures.
    assert submission < 2000 and enhancement < 5000
    print('all examples hold')


sys.exit(main())
