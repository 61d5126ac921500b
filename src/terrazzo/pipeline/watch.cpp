#include "terrazzo/pipeline/watch.hpp"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <thread>

#include "terrazzo/base/descriptor.hpp"
#include "terrazzo/base/files.hpp"
#include "terrazzo/base/log.hpp"
#include "terrazzo/pipeline/outputs.hpp"

namespace terrazzo::pipeline {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                               IN_CREATE | IN_ONLYDIR | IN_DONT_FOLLOW;
constexpr int poll_ms = 200;
constexpr std::chrono::seconds after_failure{5};

class Watcher {
 public:
  Watcher(const Pipeline& pipeline, catalog::Journal& journal)
      : pipeline_(pipeline), journal_(journal), inotify_(::inotify_init1(flags)) {
    if (inotify_.number() < 0) throw file_failure(errno, "watched", pipeline.folder);
  }

  // Watches first, so that nothing falls between.
  Resync start(const Context& context) {
    lost_ = false;
    add(pipeline_.folder, false);
    return resync(pipeline_, journal_, context);
  }

  bool has_lost_news() const { return lost_; }

  // Waits a moment for news and passes them on.
  void step() {
    struct pollfd ready{inotify_.number(), POLLIN, 0};
    if (::poll(&ready, 1, poll_ms) <= 0) return;
    alignas(inotify_event) std::array<char, 1 << 16> buffer{};
    const ssize_t size = ::read(inotify_.number(), buffer.data(), buffer.size());
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      take(*event);
    }
  }

 private:
  static constexpr int flags = IN_CLOEXEC | IN_NONBLOCK;

  // The folder and those in it. announces: their files are news.
  void add(const fs::path& folder, bool announces) {
    add_one(folder);
    std::error_code error;
    for (fs::directory_iterator entry{folder, error}, end; !error && entry != end;
         entry.increment(error)) {
      const auto name = entry->path().filename().string();
      std::error_code ignored;
      if (entry->is_symlink(ignored) || name.starts_with('.')) continue;
      if (entry->is_directory(ignored))
        add(entry->path(), announces);
      else if (announces)
        announce(entry->path().string(), false);
    }
  }

  void add_one(const fs::path& folder) {
    const int watch = ::inotify_add_watch(inotify_.number(), folder.c_str(), mask);
    if (watch >= 0) {
      folders_[watch] = folder;
    } else if (errno == ENOSPC) {
      throw failure(ErrorKind::too_large,
                    "the system allows no more than {} watched folders; raise "
                    "fs.inotify.max_user_watches",
                    folders_.size());
    } else if (folder == pipeline_.folder) {
      throw file_failure(errno, "watched", folder);
    }
  }

  void take(const inotify_event& event) {
    if ((event.mask & IN_Q_OVERFLOW) != 0) {
      log::warning("news of the folder were lost; it is looked through again");
      lost_ = true;
      return;
    }
    if ((event.mask & IN_IGNORED) != 0) {
      folders_.erase(event.wd);
      return;
    }
    const auto folder = folders_.find(event.wd);
    if (folder == folders_.end() || event.len == 0) return;
    const std::string name{event.name};
    if (name.starts_with('.')) return;
    const auto path = folder->second / name;
    const bool is_gone = (event.mask & (IN_DELETE | IN_MOVED_FROM)) != 0;
    if ((event.mask & IN_ISDIR) != 0)
      take_folder(path, is_gone);
    else if ((event.mask & IN_CREATE) == 0)
      announce(path.string(), is_gone);
  }

  void take_folder(const fs::path& folder, bool is_gone) {
    if (is_gone)
      lost_ = true;  // whatever was in it is gone too
    else
      add(folder, true);
  }

  void announce(const std::string& uri, bool is_gone) {
    if (!pipeline_.takes(uri)) return;
    try {
      if (is_gone)
        journal_.announce({pipeline_.name, uri, "", pipeline_.recipe, "", true});
      else
        journal_.announce(arrival_of(pipeline_, uri));
    } catch (const Error& error) {
      log::warning("a file that arrived cannot be told of yet",
                   {{"file", uri}, {"reason", error.what()}});
      lost_ = true;
    }
  }

  const Pipeline& pipeline_;
  catalog::Journal& journal_;
  Descriptor inotify_;
  std::map<int, fs::path> folders_;
  bool lost_ = false;
};

// Looks when it is time, or when news were lost, and takes steps in between.
void watch_by_looks(const WatchOptions& options, const std::function<Resync()>& look,
                    const std::function<bool()>& has_lost_news,
                    const std::function<void()>& step,
                    const std::function<void(const Resync&)>& on_resync,
                    const Context& context) {
  auto next = Clock::now();
  for (; !context.has_ended(); step()) {
    if (!has_lost_news() && Clock::now() < next) continue;
    next = Clock::now() + options.resync;
    try {
      on_resync(look());
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) return;
      if (!error_facts(error.kind()).retry) throw;
      log::warning("what is there cannot be looked through yet",
                   {{"reason", error.what()}});
      next = Clock::now() + after_failure;
    }
  }
}

void watch_folder(const Pipeline& pipeline, catalog::Journal& journal,
                  const WatchOptions& options,
                  const std::function<void(const Resync&)>& on_resync,
                  const Context& context) {
  Watcher watcher{pipeline, journal};
  watch_by_looks(
      options, [&] { return watcher.start(context); },
      [&] { return watcher.has_lost_news(); }, [&] { watcher.step(); }, on_resync,
      context);
}

}  // namespace

void watch(const Pipeline& pipeline, catalog::Journal& journal,
           const WatchOptions& options,
           const std::function<void(const Resync&)>& on_resync, const Context& context) {
  if (pipeline.folder.empty())
    throw invalid("pipeline '{}' has no folder to watch; it needs 'when'", pipeline.name);
  if (is_in_a_store(pipeline.folder))
    watch_by_looks(
        options, [&] { return resync(pipeline, journal, context); }, [] { return false; },
        [] { std::this_thread::sleep_for(std::chrono::milliseconds{poll_ms}); },
        on_resync, context);
  else
    watch_folder(pipeline, journal, options, on_resync, context);
}

}  // namespace terrazzo::pipeline
