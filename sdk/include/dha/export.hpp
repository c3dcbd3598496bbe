// Visibility of the SDK library's exports: interfaces and exception classes have one identity in host and plugins.
#pragma once

#define DHA_API __attribute__((visibility("default")))
