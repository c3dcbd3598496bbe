// The version of the SDK, written here and nowhere else.
#pragma once

// Raised by every change of an interface: a plugin loads only into a host with the same major number.
#define DHA_SDK_VERSION_MAJOR 1
#define DHA_SDK_VERSION_MINOR 0
#define DHA_SDK_VERSION_PATCH 0
