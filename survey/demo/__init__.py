"""The demo commune: invented people in real communes, the same at every loading. Nobody in it exists.

`flask --app app demo` calls `load_demo`. Names are drawn from lists of common ones. Every CCCD number
begins with 999, a birth-place code that does not exist, so that none can be a real person's. No telephone numbers.
"""

from survey.accounts.demo import PASSWORD
from survey.demo.accounts import ACCOUNTS
from survey.demo.load import Loaded, load_demo

__all__ = ["ACCOUNTS", "PASSWORD", "Loaded", "load_demo"]
