#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "terrazzo/base/context.hpp"

namespace terrazzo::maps {

// What finds a picture again that was drawn: little beside the text of its key. Not to
// be used after the Maps it came from.
class KeptPicture {
 public:
  virtual ~KeptPicture() = default;

  // If the cache has them, else null. Never waits.
  virtual std::shared_ptr<const std::string> bytes() const = 0;

  // Would the same request be planned in the same way now? Never waits: asks files of
  // this machine, believes for a minute what one behind a URL was found to be and for
  // 0.2 s what the catalogue was, and says no if it cannot tell (files of network disks,
  // a catalogue not asked for longer).
  virtual bool still_holds() const noexcept = 0;

  virtual std::size_t memory() const noexcept = 0;  // bytes that it takes itself
};

// A picture that is planned: everything it depends on is looked up and checked, its
// pixels are not read yet. Copies share the plan. Not to be used after the Maps it came
// from.
class Picture {
 public:
  using Bytes = std::shared_ptr<const std::string>;
  struct Drawn {
    Bytes bytes;
    // Else the file is damaged there, or was replaced meanwhile: not to be kept by
    // anybody.
    bool complete = true;
  };

  class Plan {
   public:
    virtual ~Plan() = default;
    virtual Drawn drawn(const Context& context) const = 0;
  };

  Picture(std::string etag, std::string_view type, std::shared_ptr<const Plan> plan,
          std::shared_ptr<const KeptPicture> kept)
      : etag_(std::move(etag)),
        type_(type),
        plan_(std::move(plan)),
        kept_(std::move(kept)) {}

  std::string_view type() const noexcept { return type_; }  // "image/png"

  // Quoted; from the identity of the files behind it and everything in the request that
  // changes it; of a file on another machine the identity that its server gives. One that
  // cannot be asked counts as another each minute.
  const std::string& etag() const noexcept { return etag_; }

  // From the cache or made. A tile that meets no data is the empty picture; damaged
  // blocks of a file are transparent, as far as its reader can leave them out.
  // Throws unavailable, corrupt_data, timeout, cancelled; invalid_input: an expression
  // that cannot be computed.
  Drawn drawn(const Context& context = {}) const { return plan_->drawn(context); }
  Bytes bytes(const Context& context = {}) const { return drawn(context).bytes; }

  // As those of KeptPicture.
  Bytes kept() const { return kept_->bytes(); }
  bool still_holds() const noexcept { return kept_->still_holds(); }

  // For who remembers many pictures: does not hold the plan.
  const std::shared_ptr<const KeptPicture>& without_plan() const noexcept {
    return kept_;
  }

 private:
  std::string etag_;
  std::string_view type_;  // of a kind, which lasts
  std::shared_ptr<const Plan> plan_;
  std::shared_ptr<const KeptPicture> kept_;
};

}  // namespace terrazzo::maps
