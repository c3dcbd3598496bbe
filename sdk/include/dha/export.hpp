// Visibility of what the SDK library exports: interfaces and exception classes keep one identity in host and plugins.
#pragma once

#define DHA_API __attribute__((visibility("default")))
