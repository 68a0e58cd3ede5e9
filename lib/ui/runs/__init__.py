"""What every change shares on screen: plan, confirmation, progress, receipt, undo."""
