// Permissions as a user other than root meets them.
#pragma once

#include <unistd.h>

#include <cstdlib>

namespace dha::test {

// Without the rights of root, which sees no permissions, for the life of the object.
class AsNobody {
 public:
  AsNobody() : user_(geteuid()) { is_nobody_ = user_ != 0 || seteuid(65534) == 0; }
  ~AsNobody() {
    if (user_ == 0 && seteuid(user_) != 0) std::abort();
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;
  bool is_nobody() const { return is_nobody_; }

 private:
  uid_t user_;
  bool is_nobody_;
};

}  // namespace dha::test
